// Hands for a visitor: the same words whether he has a mouse, a finger, a keyboard only, or no script.
//
//   follow('在线办理')          a link by its text
//   fill('手机号码', '139…')    an input by its label
//   check('首次')               a radio button or checkbox by its label;  pick('办理结果', '准予')  an option of a list
//   upload('收入证明', file)    a file input
//   press('下一步')             a button; waits for the page that comes
//
// By keyboard only Tab, Shift+Tab, Enter, blank, arrows and letters are pressed: what cannot be reached with Tab, or
// whose focus cannot be seen, is an error.
import { until } from './browser.mjs';

const TABS_MAX = 250;

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class Actor {
  constructor(visitor, keyboard = false) {
    this.visitor = visitor;
    this.keyboard = keyboard;
  }

  get page() {
    return this.visitor.page;
  }

  async go(path) {
    const response = await this.visitor.go(path);
    if (response && response.status() >= 400) throw new Error(`${path} answers ${response.status()}`);
  }

  /** Moves the focus to an element with Tab. */
  async reach(locator) {
    const handle = await locator.elementHandle();
    if (!handle) throw new Error(`not there: ${locator}`);
    const isThere = () => handle.evaluate((e) => {
      const active = document.activeElement;
      // The radio button of a group that Tab reaches is the chosen one, or the first.
      return active === e || (e.type === 'radio' && active?.type === 'radio' && active.name === e.name && active.form === e.form);
    });
    // Backwards when it stands before what has the focus.
    const back = await handle.evaluate((e) => !!document.activeElement && document.activeElement !== document.body
      && !!(document.activeElement.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING));
    for (let i = 0; i < TABS_MAX; i++) {
      if (await isThere()) {
        const seen = await this.page.evaluate(() => {
          // The ring may be drawn by the element, by what surrounds it, or by its label.
          const active = document.activeElement;
          return [active, active.parentElement, active.parentElement?.parentElement, ...(active.labels || [])].some((e) => {
            if (!e) return false;
            return ['', '::before', '::after'].some((pseudo) => {
              const style = getComputedStyle(e, pseudo || null);
              return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
            });
          });
        });
        if (!seen) throw new Error(`focus cannot be seen: ${await handle.evaluate((e) => e.outerHTML.slice(0, 150))}`);
        return handle;
      }
      await this.page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    }
    throw new Error(`Tab does not reach ${await handle.evaluate((e) => e.outerHTML.slice(0, 150))}`);
  }

  /** Presses what may bring another page, and waits for it. */
  async after(act) {
    const look = () => this.page.evaluate(() => [performance.timeOrigin, document.readyState]).catch(() => []);      // between two pages
    const [before] = await look();
    await act();
    await until(`another page than ${this.page.url()}`, async () => {
      const [now, state] = await look();
      return now && now !== before && state === 'complete';
    }, 30);
  }

  link(name) {
    return this.page.getByRole('link', { name: typeof name === 'string' ? new RegExp(escape(name)) : name })
      .filter({ visible: true }).first();
  }

  async follow(name) {
    const link = typeof name === 'object' && name.click ? name : this.link(name);
    await link.waitFor();
    await this.after(async () => {
      if (!this.keyboard) return link.click();
      await this.reach(link);
      await this.page.keyboard.press('Enter');
    });
  }

  button(name) {
    return this.page.getByRole('button', { name: typeof name === 'string' ? new RegExp(escape(name)) : name })
      .filter({ visible: true }).first();
  }

  /** @param stays the page does not change (a menu opens) */
  async press(name, { stays = false } = {}) {
    const button = typeof name === 'object' && name.click ? name : this.button(name);
    await button.waitFor();
    const act = async () => {
      if (!this.keyboard) return button.click();
      await this.reach(button);
      await this.page.keyboard.press('Enter');
    };
    if (stays) await act();
    else await this.after(act);
  }

  /** An input by its label, a CSS selector when it has [ . # in it, or is a locator. */
  input(label) {
    if (typeof label !== 'string' && label.click) return label;
    if (typeof label === 'string' && /[[.#]/.test(label)) return this.page.locator(label).first();
    return this.page.getByLabel(typeof label === 'string' ? new RegExp(escape(label)) : label).filter({ visible: true }).first();
  }

  async fill(label, value) {
    const input = this.input(label);
    await input.waitFor();
    if (!this.keyboard) return input.fill(value);
    await this.reach(input);
    await this.page.keyboard.press('Control+A');
    // A date is typed as its parts, in the order in which the browser shows them.
    const type = await input.getAttribute('type');
    if (type === 'date') return input.fill(value);
    await this.page.keyboard.insertText(value);
  }

  /** Opens a <details>. */
  async open(details) {
    if (await details.evaluate((e) => e.open)) return;
    const summary = details.locator('summary').first();
    if (this.keyboard) {
      await this.reach(summary);
      await this.page.keyboard.press('Enter');
    } else {
      await summary.click();
    }
    if (!(await details.evaluate((e) => e.open))) throw new Error(`does not open: ${await summary.innerText()}`);
  }

  /** An option of a list. */
  async pick(label, option) {
    const input = this.input(label);
    if (!this.keyboard) return input.selectOption({ label: option });
    await this.reach(input);
    const [from, to] = await input.evaluate((e, option) => [e.selectedIndex, [...e.options].findIndex((o) => o.label === option)], option);
    for (let i = from; i < to; i++) await this.page.keyboard.press('ArrowDown');
    for (let i = from; i > to; i--) await this.page.keyboard.press('ArrowUp');
  }

  /** Ticks a checkbox or radio button. */
  async check(label) {
    const input = typeof label === 'string' ? this.page.getByLabel(label).first() : label;
    if (!this.keyboard) return input.check({ force: true });
    await this.reach(input);
    for (let i = 0; i < 40 && !(await input.isChecked()); i++) {
      const here = await input.evaluate((e) => document.activeElement === e);
      await this.page.keyboard.press(here ? 'Space' : 'ArrowDown');
    }
    if (!(await input.isChecked())) throw new Error(`cannot be chosen by keyboard: ${label}`);
  }

  async upload(locator, file) {
    if (!this.keyboard) return locator.setInputFiles(file);
    await this.reach(locator);
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), this.page.keyboard.press('Space')]);
    await chooser.setFiles(file);
  }

  async text() {
    return this.page.locator('main').innerText();
  }

  async see(words) {
    const text = await this.text();
    for (const word of [words].flat())
      if (!(word instanceof RegExp ? word.test(text) : text.includes(word)))
        throw new Error(`${this.page.url()} does not show ${word}; it shows:\n${text.slice(0, 1500)}`);
  }
}
