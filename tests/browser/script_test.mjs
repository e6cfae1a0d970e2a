// What site.js and the looks improve: shortcuts, a case that changes while one looks, reading aloud, 长辈模式, printing.
import { axeFaults } from './checks.mjs';
import { Actor } from './actor.mjs';
import { Visitor, world } from './browser.mjs';
import { Findings, test } from './runner.mjs';

export function define(browser) {
  const by = (name, who, run, options = {}) => test(`script: ${name}`, async () => {
    const visitor = await new Visitor(browser, who, options).open();
    try {
      if (who !== 'public') await visitor.signIn(who);
      await run(visitor.page, visitor, new Actor(visitor));
      const trouble = visitor.trouble();
      if (trouble.length) throw new Findings(trouble);
    } finally {
      await visitor.close();
    }
  });
  const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('href'));

  by('the inbox by j, k and Enter; ? tells the keys', 'receiver', async (page, visitor) => {
    await visitor.go('/console/inbox');
    const links = await page.locator('[data-keys] a.row-link').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    if (links.length < 2) throw new Error('fewer than two cases in the inbox');
    await page.keyboard.press('j');
    if (await focused(page) !== links[0]) throw new Error(`j leads to ${await focused(page)}, not ${links[0]}`);
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    if (await focused(page) !== links[1]) throw new Error(`k and j lead to ${await focused(page)}, not ${links[1]}`);
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('打开所在行').waitFor();
    const found = await axeFaults(page, 'dialog');
    if (found.length) throw new Findings(found);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('jk?');
    if (await page.locator('main input[type=search]').inputValue() !== 'jk?') throw new Error('keys are taken away from an input');
    await page.locator('[data-keys] a.row-link').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${links[0]}`);
  });

  by('a case that is accepted meanwhile says so by itself', 'citizen', async (page, visitor) => {
    const { id } = world.cases.live;
    await page.clock.install();
    await visitor.go(`/my/cases/${id}`);
    await page.locator('main').getByText('待受理').first().waitFor();
    const { request } = visitor.context;
    const { loginName, password } = world.staff.receiver;
    const { accessToken } = await (await request.post('/api/v1/staff/sessions', { data: { loginName, password } })).json();
    const headers = { Authorization: `Bearer ${accessToken}` };
    const { summary } = await (await request.get(`/api/v1/inbox/${id}`, { headers })).json();
    const done = await request.post(`/api/v1/inbox/${id}:accept`, { headers, data: { version: summary.version, opinion: '材料齐全' } });
    if (!done.ok()) throw new Error(await done.text());
    await page.clock.fastForward(301_000);
    await page.locator('main').getByText('已受理').first().waitFor();
  });

  by('长辈模式 stays from page to page, is read aloud, and goes again', 'public', async (page, visitor, actor) => {
    await actor.go('/services');
    const view = () => page.evaluate(() => document.documentElement.dataset.view);
    await actor.press('长辈版');
    if (await view() !== 'elder' || !page.url().endsWith('/services')) throw new Error(`after the button: ${await view()} at ${page.url()}`);
    await actor.go('/help');
    if (await view() !== 'elder') throw new Error('the next page has forgotten');
    const size = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector('main p')).fontSize));
    if (size < 20) throw new Error(`text of ${size} px`);
    await actor.press('朗读本页', { stays: true });
    await actor.press('停止朗读', { stays: true });
    await page.getByRole('button', { name: '朗读本页' }).waitFor();
    await actor.press('标准版');
    if (await view() === 'elder') throw new Error('it does not go');
  });

  by('长辈模式 without script', 'public', async (page, visitor, actor) => {
    await actor.go('/');
    await actor.press('长辈版');
    if (!(await page.locator('html[data-view=elder]').count())) throw new Error('not there');
    await actor.press('标准版');
    if (await page.locator('html[data-view=elder]').count()) throw new Error('it does not go');
  }, { javaScriptEnabled: false });

  by('the guide prints what it says and not how to get about', 'public', async (page, visitor) => {
    await visitor.go(`/items/${world.items.permit.id}`);
    await page.emulateMedia({ media: 'print' });
    for (const shown of [page.getByRole('heading', { level: 1 }), page.getByRole('heading', { name: '申请材料' }).first(), page.locator('svg.qr__svg, .qr svg').first()])
      if (!(await shown.isVisible())) throw new Error(`does not print ${shown}`);
    for (const hidden of ['.site-nav', '.site-tools', '.side-nav', 'main .actions'])
      if (await page.locator(hidden).first().isVisible()) throw new Error(`prints ${hidden}`);
    const text = await page.locator('main').innerText();
    for (const material of world.items.permit.materials) if (!text.includes(material.name)) throw new Error(`does not print ${material.name}`);
  });

  by('leaving a half-written notice asks first', 'receiver', async (page, visitor) => {
    await visitor.go(`/console/cases/${world.cases.submitted.id}/correct`);
    await page.locator('main .check input[type=checkbox]').first().check();
    await page.locator('main .check textarea').first().fill('写到一半');
    const asked = page.waitForEvent('dialog', (dialog) => dialog.type() === 'beforeunload');
    await page.evaluate(() => { setTimeout(() => { location.href = '/console'; }, 0); });
    await asked;
  });
}
