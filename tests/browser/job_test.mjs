// The main job, from the search to the decision, in four ways: with a mouse on a wide screen, on a phone, without
// script, and by keyboard alone.  The citizen registers himself; the officials are those of the starter data.
import { code, SIZES, texts, Visitor, world } from './browser.mjs';
import { Actor } from './actor.mjs';
import { fillForm } from './forms.mjs';
import { Findings, test } from './runner.mjs';

const PDF = { name: '收入证明.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n') };
const STEPS_MAX = 40;

const WAYS = {
  desktop: [{}, false],
  phone: [SIZES.phone, false],
  'script-free': [{ javaScriptEnabled: false }, false],
  keyboard: [{}, true],
};

/** From the home page through search and guide to the application; ends at the login page. */
async function findItem(citizen, item) {
  await citizen.go('/');
  await citizen.fill('[name=q]', item.name);
  await citizen.press('搜索');
  await citizen.follow(item.name);
  await citizen.see(['申请材料', item.materials[0].name, '办理流程']);
  await citizen.follow('在线办理');
}

async function register(citizen, person) {
  await citizen.follow(citizen.page.locator('main').getByRole('link', { name: '注册' }).first());
  await citizen.fill('姓名', person.name);
  await citizen.fill('居民身份证号码', person.idNumber);
  await citizen.fill('手机号码', person.mobile);
  const before = texts(person.mobile).length;
  await citizen.press('获取验证码');
  await citizen.fill('短信验证码', await code(person.mobile, before));
  await citizen.fill('[name=password]', person.password);
  await citizen.check(citizen.page.locator('[name=agreementVersion]'));
  await citizen.press(citizen.page.locator('main').getByRole('button', { name: '注册', exact: true }).last());
  await citizen.see('注册成功');
}

async function logIn(citizen, person) {
  await citizen.fill('[name=identifier]', person.idNumber);
  await citizen.fill('[name=password]', person.password);
  await citizen.press(citizen.page.locator('main').getByRole('button', { name: '登录' }).last());
}

/** One thing per page: fills what is there and goes on, until the page that shows all answers. */
async function apply(citizen, item) {
  await citizen.press(/开始填写|另写一份/);
  let uploads = 0;
  for (let step = 0; !citizen.page.url().endsWith('/check'); step++) {
    if (step > STEPS_MAX) throw new Error(`${citizen.page.url()} is still not the last step`);
    const before = citizen.page.url();
    if (await citizen.page.locator('main input[type=file]').count()) {
      // Every second material on paper, where that is possible; the first is optional and left out.
      if (uploads++) await give(citizen);
      await citizen.follow(/^继续$|先到下一步/);
    } else {
      await fillForm(citizen, item.formFields);
      await citizen.press('保存并继续');
    }
    if (citizen.page.url() === before) throw new Error(`${before} does not let go on:\n${(await citizen.text()).slice(0, 2000)}`);
  }
  await citizen.see(['核对', '示例内容', PDF.name]);
  await citizen.press('提交申请');
  await citizen.see(['查询码', '办件编号', '接下来']);
  const number = (await citizen.page.locator('.panel__code').innerText()).replace(/\s/g, '');
  const queryCode = (await citizen.page.locator('.bigcode').innerText()).replace(/\s/g, '');
  return { number, queryCode };
}

/** Uploads a file for the material of this page. */
async function give(actor) {
  await actor.upload(actor.page.locator('main input[type=file]').first(), PDF);
  await actor.press(/^上传/);
  await actor.see(PDF.name);
}

async function official(browser, role, options, keyboard) {
  const visitor = await new Visitor(browser, role, options).open();
  const actor = new Actor(visitor, keyboard);
  await actor.go('/console/login');
  await actor.fill('[name=loginName]', world.staff[role].loginName);
  await actor.fill('[name=password]', world.staff[role].password);
  await actor.press('登录');
  return actor;
}

/** From the inbox: searches for the number and opens what it finds. */
async function openCase(staff, number) {
  await staff.go('/console/inbox');
  await staff.fill('main [name=q]', number);
  await staff.press('筛选');
  await staff.follow(staff.page.locator('main a.row-link').first());
  await staff.see(number);
}

/** One notice with all gaps: here a material and a field. */
async function correct(clerk) {
  await clerk.follow('告知补正');
  const gaps = clerk.page.locator('main .check');
  const fields = clerk.page.locator('main details').filter({ hasText: /表单的\d+项/ }).first();
  await clerk.open(fields);
  for (const gap of [gaps.nth(1), fields.locator('.check').nth(3)]) {
    await clerk.check(gap.locator('input[type=checkbox]'));
    await clerk.fill(gap.locator('textarea').nth(0), '缺少盖章页');
    await clerk.fill(gap.locator('textarea').nth(1), '补充盖章页后重新提交');
  }
  await clerk.press('发出补正告知');
  await clerk.see('待补正');
}

/** Finds the case in his own, supplies what is wanted. */
async function supplement(citizen) {
  await citizen.go('/');
  await citizen.follow(citizen.page.getByRole('link', { name: '我的', exact: true }));
  await citizen.follow(citizen.page.locator('main a[href*="/correction"], main a[href^="/my/cases/"]').first());
  if (!citizen.page.url().includes('/correction')) await citizen.follow(citizen.page.locator('main a[href$="/correction"]').first());
  await citizen.see(['缺少盖章页', '补充盖章页后重新提交']);
  await citizen.follow('补充或更换材料');
  await give(citizen);
  await citizen.follow('回到补正');
  await citizen.fill('[name=note]', '已补');
  await citizen.press('提交补正');
  await citizen.see('已提交，待受理');
}

async function accept(clerk) {
  const panel = clerk.page.locator('.decide details').filter({ has: clerk.page.getByText('确认受理') });
  await clerk.open(panel);
  await clerk.fill(panel.locator('[name=opinion]'), '材料齐全，符合法定形式');
  await clerk.press('确认受理');
  await clerk.see(['已受理', '材料齐全，符合法定形式']);
}

/** Every stage passes. */
async function review(reviewer, number) {
  for (let i = 0; i < STEPS_MAX; i++) {
    await openCase(reviewer, number);
    await reviewer.follow('办理审查环节');
    await reviewer.check('通过');
    await reviewer.fill('[name=opinion]', '符合条件');
    await reviewer.press('提交意见');
    await reviewer.see('符合条件');
    if ((await reviewer.text()).includes('待决定')) return;
  }
  throw new Error('reviews never end');
}

async function decide(decider) {
  await decider.follow('作出决定');
  await decider.check('准予许可');
  await decider.fill('[name=documentNumber]', '示公租〔2026〕8号');
  await decider.fill('[name=resultName]', '公共租赁住房承租资格证明');
  await decider.fill('[name=resultNumber]', '340100202600008');
  await decider.press('作出决定');
  await decider.see(['准予许可', '示公租〔2026〕8号']);
}

async function close(clerk, person) {
  await clerk.follow('送达办结');
  await clerk.check('窗口领取');
  await clerk.fill('[name=receiver]', person.name);
  await clerk.press(/^办结$/);
  await clerk.see('已办结');
}

export function define(browser) {
  for (const [way, [options, keyboard]] of Object.entries(WAYS)) {
    const person = world.jobs[way];
    const item = world.items.housing;
    test(`job ${way}: search, guide, register, apply, correct, review, decide, close, query`, async () => {
      const opened = [];
      const official_ = async (role) => {
        const actor = await official(browser, role, options, keyboard);
        opened.push(actor.visitor);
        return actor;
      };
      const visitor = await new Visitor(browser, way, options).open();
      opened.push(visitor);
      const citizen = new Actor(visitor, keyboard);
      try {
        await findItem(citizen, item);
        await register(citizen, person);
        await logIn(citizen, person);
        const { number, queryCode } = await apply(citizen, item);

        const clerk = await official_('receiver');
        await openCase(clerk, number);
        await correct(clerk);
        await supplement(citizen);
        await openCase(clerk, number);
        await accept(clerk);
        const reviewer = await official_('reviewer');
        await review(reviewer, number);
        const decider = await official_('decider');
        await openCase(decider, number);
        await decide(decider);
        await openCase(clerk, number);
        await close(clerk, person);

        const stranger = new Actor(await new Visitor(browser, 'stranger', options).open(), keyboard);
        opened.push(stranger.visitor);
        await stranger.go('/query');
        await stranger.fill('[name=number]', number);
        await stranger.fill('[name=queryCode]', queryCode);
        await stranger.press('查进度');
        await stranger.see(['已办结', item.name, '受理']);
        const shown = await stranger.text();
        for (const secret of [person.name, person.idNumber, person.mobile])
          if (shown.includes(secret)) throw new Error(`a stranger sees ${secret}`);
        const trouble = opened.flatMap((v) => v.trouble().map((t) => `${v.name}: ${t}`));
        if (trouble.length) throw new Findings(trouble);
      } finally {
        for (const one of opened) await one.close();
      }
    });
  }
}

