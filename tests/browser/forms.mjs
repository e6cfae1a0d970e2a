// What to type into an item's form, whatever the item asks.
const BY_KIND = {
  KIND_MOBILE: '13900000000', KIND_RESIDENT_ID: '11010519491231002X', KIND_CREDIT_CODE: '91350100M000100Y43',
  KIND_DATE: '2026-03-02', KIND_DIVISION: '340100', KIND_PHONE: '0551-60000000', KIND_EMAIL: 'a@example.cn',
};

/** A right value of a field of an item's form; a choice is its value. */
export function valueOf(field) {
  switch (field.type) {
    case 'FIELD_TYPE_CHOICE': case 'FIELD_TYPE_CHOICES': return field.choices[0].value;
    case 'FIELD_TYPE_NUMBER': return String(Math.max(1, Math.ceil(field.min || 0)));
    case 'FIELD_TYPE_DATE': return '2026-03-02';
    default: return BY_KIND[field.kind] || '示例内容';
  }
}

/** Fills every control of the page's main form that is still empty; `texts` by name of the control. */
export async function fillForm(actor, fields, texts = {}) {
  const byName = new Map(fields.map((f) => [f.id, f]));
  const controls = actor.page.locator('main form[method=post] :is(input, select, textarea):visible');
  const done = new Set();
  for (const control of await controls.all()) {
    const { name, type, tag, value, checked, required } = await control.evaluate((e) => ({
      name: e.name, type: e.type, tag: e.tagName, value: e.value, checked: e.checked, required: e.required,
      readOnly: e.readOnly,
    }));
    if (!name || name.startsWith('_') || ['file', 'submit', 'hidden'].includes(type) || done.has(name)) continue;
    if (name in texts) {
      await actor.fill(control, texts[name]);
    } else if (type === 'radio' || type === 'checkbox') {
      done.add(name);
      if (checked) continue;
      if (await actor.page.locator(`main form [name="${name}"]:checked`).count()) continue;
      await actor.check(control);
    } else if (tag === 'SELECT') {
      if (value) continue;
      const options = await control.locator('option').evaluateAll((all) => all.map((o) => o.label));
      await actor.pick(control, options[1]);
    } else if (!value) {
      const id = name.replace(/^form\./, '').replace(/~.*/, '');
      const part = name.replace(/^[^~]*~?/, '');
      if (!required && !byName.get(id)?.required) continue;
      await actor.fill(control, part === 'number' ? '91350100M000100Y43' : byName.has(id) ? valueOf(byName.get(id)) : '示例内容');
    }
  }
}
