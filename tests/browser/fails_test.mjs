// How it fails well: what people meet every day must cost them nothing.
import { pids, SIZES, until, Visitor, world } from './browser.mjs';
import { Actor } from './actor.mjs';
import { fillForm } from './forms.mjs';
import { ALONE, Findings, test } from './runner.mjs';

const { rare, script, long } = world.texts;
const PDF = (bytes) => ({ name: '材料.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(bytes)]) });
const item = world.items.housing;

/** Asks the JSON API as somebody who has signed in elsewhere. */
async function elsewhere(visitor, person) {
  const { request } = visitor.context;
  const login = await request.post('/api/v1/sessions', { data: { identifier: person.idNumber, password: person.password } });
  const { accessToken } = await login.json();
  const headers = { Authorization: `Bearer ${accessToken}` };
  return {
    get: async (path) => (await request.get(path, { headers })).json(),
    post: async (path, data = {}) => (await request.post(path, { headers, data })).json(),
  };
}

/** Ends all sessions of a person but the one that does it; the gateway hears of it within a second or so. */
async function endSessions(visitor, person) {
  const api = await elsewhere(visitor, person);
  const { sessions } = await api.get('/api/v1/sessions');
  for (const one of sessions) if (!one.current) await api.post(`/api/v1/sessions/${one.id}:revoke`);
  await new Promise((wake) => setTimeout(wake, 2500));
}

const quietly = (visitor) => {
  const trouble = visitor.trouble();
  if (trouble.length) throw new Findings(trouble);
};

export function define(browser) {
  /** A test with somebody signed in who has a new draft, at its step `at` (applicant, the form, a file). */
  const withDraft = (name, run, { options = {}, who = 'fails' } = {}) => test(`fails: ${name}`, async () => {
    const visitor = await new Visitor(browser, 'fails', options).open();
    try {
      await visitor.signIn(who);
      const actor = new Actor(visitor);
      await actor.go(`/items/${item.id}/apply`);
      await actor.press(/开始填写|另写一份/);
      await run(actor, visitor);
      quietly(visitor);
    } finally {
      await visitor.close();
    }
  }, `${who} ${who === 'fails' ? name : ''}`);
  const form = (actor) => actor.page.locator('main form:has([name^="form."])');
  const toForm = async (actor) => {
    await actor.press('保存并继续');
    await form(actor).waitFor();
  };
  const toFile = async (actor) => {
    const tasks = actor.page.url().replace(/\/apply\/([^/]+).*/, '/apply/$1');
    await actor.go(tasks);
    await actor.follow(item.materials[1].name);
    await actor.page.locator('main input[type=file]').waitFor();
  };
  const saved = async (actor, visitor, person = world.fails) => {
    const id = actor.page.url().match(/\/apply\/([^/?]+)/)[1];
    return (await elsewhere(visitor, person)).get(`/api/v1/cases/${id}`);
  };

  for (const [way, options] of [['with script', {}], ['without script', { javaScriptEnabled: false }]]) {
    withDraft(`the session ends in the middle of a form, ${way}: sign in, nothing typed is lost`, async (actor, visitor) => {
      await toForm(actor);
      await fillForm(actor, item.formFields);
      const field = form(actor).locator('input[type=text]:visible').first();
      const name = await field.getAttribute('name');
      await field.fill(`写到一半 ${rare}`);
      await endSessions(visitor, world.sessions);
      visitor.expected.push(/status of 401/);
      await actor.press('保存并继续');
      if (!(await actor.page.locator('[name=identifier]').count())) throw new Error(`no login page: ${await actor.text()}`);
      await actor.see('登录');
      await actor.fill('[name=identifier]', world.sessions.idNumber);
      await actor.fill('[name=password]', world.sessions.password);
      await actor.press(actor.page.locator('main').getByRole('button', { name: '登录' }).last());
      await actor.see('刚才填写的内容还在');
      const value = await actor.page.locator(`[name="${name}"]`).inputValue();
      if (value !== `写到一半 ${rare}`) throw new Error(`what was typed is now "${value}"`);
      await actor.press('保存并继续');
      const kept = await saved(actor, visitor, world.sessions);
      if (!JSON.stringify(kept.form).includes(`写到一半 ${rare}`)) throw new Error(`not saved: ${JSON.stringify(kept.form)}`);
    }, { options, who: 'sessions' });
  }

  test('fails: sign out in one tab, press in the other: the login page, and back', async () => {
    const visitor = await new Visitor(browser, 'quiet').open();
    try {
      await visitor.signIn('quiet');
      const other = new Actor(Object.assign(Object.create(visitor), { page: await visitor.newPage() }));
      await other.go('/my');
      await new Actor(visitor).press('退出');
      visitor.expected.push(/status of 401/);
      await other.follow(other.page.locator('main').getByRole('link').first());
      if (!new URL(other.page.url()).pathname.startsWith('/login')) throw new Error(`at ${other.page.url()}`);
      quietly(visitor);
    } finally {
      await visitor.close();
    }
  });

  withDraft('the network is lost while uploading: told at once, again with one press', async (actor, visitor) => {
    await toFile(actor);
    const wire = await visitor.context.newCDPSession(actor.page);
    const conditions = (offline, uploadThroughput) => wire.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput });
    await wire.send('Network.enable');
    await conditions(false, 200 << 10);
    await actor.page.locator('main input[type=file]').first().setInputFiles(PDF(3 << 20));
    await actor.button(/^上传/).click();
    await actor.page.locator('progress').first().waitFor();
    await new Promise((wake) => setTimeout(wake, 1500));
    visitor.expected.push(/ERR_INTERNET_DISCONNECTED/);
    await conditions(true, -1);
    await actor.page.getByText('没有传完').waitFor();
    await conditions(false, -1);
    await actor.press('重新上传');
    await actor.see(['材料.pdf']);
  });

  for (const [way, options] of [['with script', {}], ['without script', { javaScriptEnabled: false }]]) {
    withDraft(`a file too large and one of a wrong kind, ${way}: said beside the field`, async (actor, visitor) => {
      await toFile(actor);
      visitor.expected.push(/status of 4\d\d/);
      const bad = {
        '20 ?MB|太大|超过': PDF(21 << 20),
        '只接受|格式|类型': { name: '程序.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([Buffer.from('MZ\x90\0'), Buffer.alloc(600)]) },
        '空': { name: '空.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(0) },
      };
      for (const [says, file] of Object.entries(bad)) {
        await actor.page.locator('main input[type=file]').first().setInputFiles(file);
        await actor.button(/^上传/).click();
        // Beside the form; what is so large that it is not even read has a page of its own.
        const told = actor.page.locator('main .errors, main [role=alert], main:has(h1:text("内容过大"))').filter({ hasText: new RegExp(says) });
        await told.first().waitFor()
          .catch(async () => { throw new Error(`${file.name} (${file.buffer.length}): does not say ${says}: ${(await actor.text()).slice(0, 600)}`); });
        if (!(await actor.page.locator('main input[type=file]').count())) await actor.page.goBack();
        await actor.page.locator('main input[type=file]').first().waitFor();
      }
      await actor.page.locator('main input[type=file]').first().setInputFiles(PDF(1000));
      await actor.press(/^上传/);
      await actor.see(['材料.pdf']);
    }, { options });
  }

  withDraft('the back button: what was saved is there, and saving again works', async (actor, visitor) => {
    await toForm(actor);
    await fillForm(actor, item.formFields);
    await actor.press('保存并继续');
    await actor.page.goBack();
    await form(actor).waitFor();
    const field = form(actor).locator('textarea:visible, input[type=text]:visible').first();
    if (!(await field.inputValue())) throw new Error('the form is empty after going back');
    await field.fill('第二次写的');
    await actor.press('保存并继续');
    if (await actor.page.locator('main .errors').count()) await actor.press('保存并继续');
    const kept = await saved(actor, visitor);
    if (!JSON.stringify(kept.form).includes('第二次写的')) throw new Error(`not saved: ${JSON.stringify(kept.form)}`);
    visitor.expected.push(/status of 409/);
    visitor.trouble();
  });

  withDraft('two tabs with one draft: the second is told, keeps what was typed, and can save', async (actor, visitor) => {
    await toForm(actor);
    const other = new Actor(Object.assign(Object.create(visitor), { page: await visitor.newPage() }));
    await other.go(actor.page.url());
    await fillForm(actor, item.formFields);
    await fillForm(other, item.formFields);
    await actor.press('保存并继续');
    visitor.expected.push(/status of 409/);
    const field = form(other).locator('textarea:visible, input[type=text]:visible').first();
    const name = await field.getAttribute('name');
    await field.fill('另一页写的');
    await other.press('保存并继续');
    await other.page.locator('main .errors').waitFor();
    if (await other.page.locator(`[name="${name}"]`).inputValue() !== '另一页写的') throw new Error('what was typed is lost');
    await other.press('保存并继续');
    const kept = await saved(other, visitor);
    if (!JSON.stringify(kept.form).includes('另一页写的')) throw new Error(`not saved: ${JSON.stringify(kept.form)}`);
  });

  withDraft('submitted twice by a double click and by the back button: one case', async (actor, visitor) => {
    const id = actor.page.url().match(/\/apply\/([^/?]+)/)[1];
    const { complete } = await import('./complete.mjs');
    await complete(visitor, id);
    await actor.go(`/apply/${id}/check`);
    const button = actor.button('提交申请');
    await actor.after(() => button.dblclick());
    await actor.page.waitForURL(/receipt|cases/);
    const api = await elsewhere(visitor, world.fails);
    const first = await api.get(`/api/v1/cases/${id}`);
    await actor.page.goBack();
    if (await actor.button('提交申请').count()) {
      await actor.press('提交申请');
      visitor.expected.push(/status of 409/);
      visitor.trouble();
    }
    const again = await api.get(`/api/v1/cases/${id}`);
    if (again.summary.number !== first.summary.number || again.summary.state === 'STATE_DRAFT') throw new Error(JSON.stringify(again.summary));
    if ((await api.get('/api/v1/cases?pageSize=100')).cases.filter((c) => c.number === first.summary.number).length !== 1) throw new Error('not one case');
  }, { options: { javaScriptEnabled: false } });

  withDraft('rare characters, names with dots, long words: saved and shown as typed, on 320 px too', async (actor, visitor) => {
    await toForm(actor);
    await fillForm(actor, item.formFields);
    const fields = form(actor).locator('textarea:visible');
    const area = (await fields.count()) ? fields.first() : form(actor).locator('input[type=text]:visible').first();
    const most = Number(await area.getAttribute('maxlength')) || 95;
    const typed = [...`${rare}${long}`].slice(0, Math.min(most, 95) - 10).join('');
    await area.fill(typed);
    await actor.press('保存并继续');
    await actor.go(actor.page.url().replace(/(\/apply\/[^/]+).*/, '$1/check'));
    await actor.see(typed);
    await actor.page.setViewportSize(SIZES.narrow.viewport);
    const wide = await actor.page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > 320) throw new Error(`${wide} px wide`);
  });

  withDraft('script in every text field: shown as text, nothing runs', async (actor, visitor) => {
    const address = actor.page.locator('[name="applicant.address"]');
    await address.fill(script);
    await toForm(actor);
    await fillForm(actor, item.formFields);
    for (const control of await form(actor).locator('textarea:visible, input[type=text]:visible').all()) await control.fill(script.slice(0, 90));
    visitor.expected.push(/status of 4\d\d/);
    await actor.button('保存并继续').evaluate((e) => { e.form.noValidate = true; });
    await actor.press('保存并继续');
    await actor.go(actor.page.url().replace(/(\/apply\/[^/]+).*/, '$1/check'));
    await actor.see(script.slice(0, 60));
    if (await actor.page.locator('main script, main img[src=x]').count()) throw new Error('markup was taken over');
  });

  test('fails: script typed into every form that anyone can reach', async () => {
    const visitor = await new Visitor(browser, 'script').open();
    visitor.expected.push(/status of 4\d\d/);
    try {
      for (const at of ['/login', '/login/code', '/register', '/forgotten', '/query', '/console/login', `/search?q=${encodeURIComponent(script)}`, '/',
        `/search?audience=${encodeURIComponent(script)}`, `/items/${encodeURIComponent(script)}`, `/login?next=${encodeURIComponent('javascript:alert(1)')}`,
        `/guide-me?theme=${encodeURIComponent(script)}`, `/${encodeURIComponent(script)}`, `/services?by=${encodeURIComponent(script)}`, `/login?done=${encodeURIComponent(script)}`]) {
        await visitor.go(at);
        const forms = await visitor.page.locator('main form').count();
        for (let i = 0; i < forms; i++) {
          await visitor.go(at);
          const one = visitor.page.locator('main form').nth(i);
          const inputs = one.locator('input:is([type=text], [type=search], [type=tel], [type=email], [type=password], :not([type])), textarea');
          for (const input of await inputs.all()) if (await input.isVisible()) await input.fill(script);
          await one.evaluate((f) => { f.noValidate = true; });
          const button = one.locator('button:not([type=button]):visible').last();
          if (!(await button.count())) continue;
          await new Actor(visitor).press(button);
          if (await visitor.page.locator('main script, img[src=x]').count()) throw new Error(`${at}: markup was taken over`);
        }
        const trouble = visitor.trouble();
        if (trouble.length) throw new Findings([at, ...trouble]);
      }
    } finally {
      await visitor.close();
    }
  });

  test('fails: blanks and full-width digits pasted into numbers are understood', async () => {
    const wide = (text) => [...text].map((c) => (c >= '!' && c <= '~' ? String.fromCharCode(c.charCodeAt(0) + 0xFEE0) : c)).join('');
    const visitor = await new Visitor(browser, 'pasted').open();
    const actor = new Actor(visitor);
    const person = world.quiet;
    try {
      await actor.go('/login');
      await actor.page.locator('[name=identifier]').fill(wide(`${person.idNumber.slice(0, 6)} ${person.idNumber.slice(6, 14)} ${person.idNumber.slice(14)}`));
      await actor.fill('[name=password]', person.password);
      await actor.press(actor.page.locator('main').getByRole('button', { name: '登录' }).last());
      if (actor.page.url().includes('/login')) throw new Error(`cannot sign in: ${(await actor.text()).slice(0, 500)}`);
      await actor.go('/query');
      const { number, queryCode } = world.cases.closed;
      await actor.page.locator('[name=number]').fill(` ${number.match(/.{1,6}/g).join(' ')} `);
      await actor.page.locator('[name=queryCode]').fill(wide(` ${queryCode.toLowerCase().slice(0, 4)} ${queryCode.slice(4)}`));
      await actor.press('查进度');
      await actor.see('已办结');
      quietly(visitor);
    } finally {
      await visitor.close();
    }
  });

  test('fails: addresses that lead nowhere have a page that says what to do', async () => {
    const visitor = await new Visitor(browser, 'lost').open();
    visitor.expected.push(/status of 4\d\d/);
    try {
      for (const [at, status] of [['/no/such/page', 404], ['/items/00000000000000000000000000', 404], ['/items/x', 404], ['/departments/nix', 404],
        ['/static/no.css', 404], ['/my/cases/00000000000000000000000000', 200], ['/console/inbox', 200]]) {
        const response = await visitor.go(at);
        if (response.status() !== status && !(status === 404 && response.status() === 400)) throw new Error(`${at} answers ${response.status()}`);
        if (at.startsWith('/static')) continue;
        const text = await visitor.page.locator('main').innerText();
        if (!/[\u4e00-\u9fff]{4}/.test(text)) throw new Error(`${at}: ${text}`);
        if (status === 404 && !(await visitor.page.locator('main a[href="/"], main form[role=search], main a[href^="/search"]').count())) throw new Error(`${at} does not say where to go`);
      }
      quietly(visitor);
    } finally {
      await visitor.close();
    }
  });

  test("fails: another's case is not there", async () => {
    const visitor = await new Visitor(browser, 'quiet').open();
    visitor.expected.push(/status of 404/);
    try {
      await visitor.signIn('quiet');
      for (const at of [`/my/cases/${world.cases.submitted.id}`, `/apply/${world.cases.draft.id}`, `/apply/${world.cases.draft.id}/check`,
        `/apply/${world.cases.submitted.id}/receipt`, `/my/messages/${world.message}`]) {
        const response = await visitor.go(at);
        if (response.status() !== 404) throw new Error(`${at} answers ${response.status()}`);
      }
      // A citizen's cookie is none of the console's.
      for (const at of ['/console', '/console/inbox', `/console/cases/${world.cases.submitted.id}`]) {
        await visitor.go(at);
        if (!visitor.page.url().includes('/console/login')) throw new Error(`${at} leads to ${visitor.page.url()}`);
      }
      quietly(visitor);
    } finally {
      await visitor.close();
    }
  });

  test('fails: a form from elsewhere is refused', async () => {
    const visitor = await new Visitor(browser, 'forged').open();
    try {
      await visitor.signIn('quiet');
      const { request } = visitor.context;
      for (const [what, options] of [
        ['without token', { form: { _post: 'start' } }],
        ['with a wrong token', { form: { _post: 'start', _token: 'A'.repeat(64) } }],
        ['from a stranger', { form: { _post: 'start' }, headers: { Origin: 'https://evil.example' } }],
      ]) {
        const answer = await request.post(`/items/${item.id}/apply`, { ...options, maxRedirects: 0 });
        if (answer.status() < 400) throw new Error(`${what}: ${answer.status()}`);
      }
    } finally {
      await visitor.close();
    }
  });

  test('fails: a service is down: the page comes with what there is and says what is missing', async () => {
    const visitor = await new Visitor(browser, 'down').open();
    visitor.expected.push(/status of 50\d/);
    await visitor.signIn('quiet');
    const stopped = pids('case');
    try {
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      const home = await visitor.go('/');
      if (home.status() !== 200) throw new Error(`the home page answers ${home.status()}`);
      const text = await visitor.page.locator('main').innerText();
      if (!/暂时|没能|未能/.test(text)) throw new Error(`does not say what is missing: ${text.slice(0, 500)}`);
      if (!(await visitor.page.locator('[name=q]').count())) throw new Error('no search on the home page');
      const mine = await visitor.go('/my/cases');
      if (![503, 504].includes(mine.status())) throw new Error(`the own cases answer ${mine.status()}`);
      if (!/稍后|再试/.test(await visitor.page.locator('main').innerText())) throw new Error('does not say what to do');
      const guide = await visitor.go(`/items/${item.id}`);
      if (guide.status() !== 200) throw new Error(`the guide answers ${guide.status()}`);
      quietly(visitor);
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
      await visitor.close();
    }
    const after = await new Visitor(browser, 'after').open();
    try {
      await after.signIn('quiet');
      await until('the cases are back', async () => (await after.go('/my/cases')).status() === 200);
    } finally {
      await after.close();
    }
  }, ALONE);
}
