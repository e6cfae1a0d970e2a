// Chromium and the people in front of it.
//
// One browser for all.  A context is a person's own browser: cookies, size, with or without script.
// `Visitor` signs in by the login pages, as everybody does, and remembers all that went wrong
// on the way: console errors, refusals by the content security policy, requests to strangers, dialogs.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const world = JSON.parse(readFileSync(process.env.WORLD, 'utf8'));

/** Chromium without its windows: half the work of the one with. */
export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium-headless-shell';

export const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1 },
  narrow: { viewport: { width: 320, height: 640 }, deviceScaleFactor: 1 },
};

export async function launch(more = []) {
  return chromium.launch({
    executablePath: CHROMIUM,
    // Only our own platform on the loopback is visited, also as root and in containers.
    chromiumSandbox: false,
    args: ['--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb', ...more],
  });
}

/** Texts that the development channel has for a mobile, oldest first. */
export function texts(mobile) {
  try {
    return readFileSync(`${world.folder}/data/messages.jsonl`, 'utf8').trim().split('\n')
      .map((line) => JSON.parse(line)).filter((m) => m.to === mobile).map((m) => m.text);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Waits for something that others bring about; its value. */
export async function until(what, condition, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`did not come true in ${seconds} s: ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The six digits of the next text to a mobile, after `before` that were there already. */
export async function code(mobile, before) {
  const text = await until(`a text to ${mobile}`, () => texts(mobile)[before]);
  return text.match(/\d{6}/)[0];
}

/** Process ids of a service of this platform. */
export function pids(service) {
  return readFileSync(`${world.folder}/run/processes`, 'utf8').split('\n').map((line) => line.split(' '))
    .filter((words) => words[0] === service && words[4] === 'running').map((words) => Number(words[1]));
}

export class Visitor {
  /** @param {import('playwright-core').Browser} browser */
  constructor(browser, name, options = {}) {
    this.browser = browser;
    this.name = name;
    this.options = { ...SIZES.desktop, ...options };
    this.troubles = [];
    this.expected = [];       // patterns of troubles that a test brings about itself
  }

  async open() {
    this.context = await this.browser.newContext({
      baseURL: world.origin, ignoreHTTPSErrors: true, locale: 'zh-CN', timezoneId: 'Asia/Shanghai',
      reducedMotion: 'reduce', colorScheme: 'light', ...this.options,
    });
    this.context.setDefaultTimeout(20000);
    this.context.setDefaultNavigationTimeout(45000);
    this.context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(world.origin) && !url.startsWith('data:') && !url.startsWith('blob:'))
        this.troubles.push(`asks a stranger: ${url}`);
    });
    this.page = await this.newPage();
    return this;
  }

  async newPage() {
    const page = await this.context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        this.troubles.push(`console ${message.type()}: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => this.troubles.push(`script error: ${error.message}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // Going elsewhere ends what the page was still asking for; a download ends its navigation.
      if (why !== 'net::ERR_ABORTED') this.troubles.push(`request failed: ${request.url()} ${why}`);
    });
    page.on('dialog', (dialog) => {
      // Pages ask "really?" by confirm and beforeunload; nothing of ours ever says alert.
      if (dialog.type() === 'alert') this.troubles.push(`dialog: ${dialog.message()}`);
      return dialog.accept().catch(() => {});
    });
    return page;
  }

  /** What went wrong since the last time, without what was expected. */
  trouble() {
    const found = this.troubles.filter((t) => !this.expected.some((pattern) => pattern.test(t)));
    this.troubles = [];
    return found;
  }

  async go(path) {
    return this.page.goto(path, { waitUntil: 'load' });
  }

  /** Signs in by the page: 'citizen' and other persons of the world, or a role of staff. */
  async signIn(who) {
    const staff = world.staff[who];
    const person = typeof who === 'object' ? who : world[who];
    await this.go(staff ? '/console/login' : '/login');
    const form = this.page.locator('main form').filter({ has: this.page.locator('input[type=password]') }).first();
    await form.locator(staff ? '[name=loginName]' : '[name=identifier]').fill(staff ? staff.loginName : person.idNumber);
    await form.locator('input[type=password]').fill((staff || person).password);
    await Promise.all([
      this.page.waitForURL((url) => !url.pathname.endsWith('/login')),
      form.locator('button:not([name=_post])').last().click(),
    ]);
  }

  async elder(on) {
    if (on) await this.context.addCookies([{ name: 'yw-view', value: 'elder', url: world.origin }]);
    else await this.context.clearCookies({ name: 'yw-view' });
  }

  async close() {
    await this.context?.close();
  }
}

