// Every page, in four looks.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Visitor } from './browser.mjs';
import { axeFaults, documentFaults, headerFaults, htmlFaults, strangeWords, widthFaults } from './checks.mjs';
import { rows } from './pages.mjs';
import { Findings, test } from './runner.mjs';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../services/gateway/pages');

/** Names of all page files: "portal/home". */
export function pageFiles() {
  return readdirSync(FOLDER, { recursive: true }).map(String).filter((name) => name.endsWith('.page'))
    .map((name) => name.slice(0, -5)).sort();
}

const visitors = new Map();

/** One visitor for each who; tests of one who run in one lane. */
export async function visitorFor(browser, who, options = {}) {
  const key = who + JSON.stringify(options);
  if (!visitors.has(key)) {
    const visitor = await new Visitor(browser, who, options).open();
    if (who !== 'public') await visitor.signIn(who);
    visitors.set(key, visitor);
  }
  return visitors.get(key);
}

/** A text or file to keep: comes as such, and has the word it must have. */
async function keep(visitor, visit) {
  const response = await visitor.context.request.get(visit.at);
  const headers = response.headers();
  const found = [];
  if (response.status() !== 200) return [`${visit.at} answers ${response.status()}`];
  if (!/^attachment/.test(headers['content-disposition'] || '')) found.push(`not to keep: ${headers['content-disposition']}`);
  if (/html/.test(headers['content-type'])) found.push(`is ${headers['content-type']}`);
  if (headers['x-content-type-options'] !== 'nosniff') found.push('no X-Content-Type-Options: nosniff');
  const body = await response.text();
  if (!body.includes(visit.text)) found.push(`does not have "${visit.text}": ${body.slice(0, 300)}`);
  if (/&amp;|&lt;|\{\{/.test(body)) found.push(`is escaped as HTML: ${body.match(/.{0,40}(&amp;|&lt;|\{\{).{0,40}/)[0]}`);
  return found;
}

async function look(visitor, visit) {
  const found = [];
  const { page } = visitor;
  visitor.trouble();
  visitor.expected = visit.expect || /refused/.test(visit.state) ? [/status of 4\d\d/] : [];
  for (const view of ['normal', 'elder']) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    await visitor.elder(view === 'elder');
    const response = await visitor.go(visit.at);
    const status = response.status();
    if (status !== (visit.expect || 200)) return [...found, `${visit.at} answers ${status}`];
    // In 长辈模式 it is the same page with another head.
    if (view === 'normal' || visit.at === '/') found.push(...await htmlFaults(await response.text()));
    if (visit.does) {
      await visit.does(page);
      if (/refused/.test(visit.state)) found.push(...(await htmlFaults(await page.content())).filter((f) => !/doctype/i.test(f)));
    }
    if (view === 'normal') {
      found.push(...headerFaults(response), ...await documentFaults(page));
      if (!visit.latin) found.push(...(await strangeWords(page)).map((word) => `not Chinese: "${word}"`));
    }
    found.push(...await axeFaults(page, view));
    if (view === 'normal') {
      await page.emulateMedia({ colorScheme: 'dark' });
      found.push(...await axeFaults(page, 'dark'));
      await page.emulateMedia({ colorScheme: 'light' });
    }
    await page.setViewportSize({ width: 320, height: 640 });
    found.push(...await widthFaults(page, `${view} 320 px`));
    if (view === 'normal') found.push(...await axeFaults(page, '320 px'));
    found.push(...visitor.trouble().map((t) => `${view}: ${t}`));
  }
  await visitor.elder(false);
  return [...new Set(found)];
}

export const titleOf = (name, visit) => [name, visit.state].filter(Boolean).join(' ');

export function define(browser) {
  const files = pageFiles();
  test('pages: every page file has a row, every row a page file', () => {
    const found = [...files.filter((name) => !rows[name]?.length).map((name) => `${name}.page has no row in tests/browser/pages.mjs`),
      ...Object.keys(rows).filter((name) => !files.includes(name)).map((name) => `row ${name} has no page file`)];
    if (found.length) throw new Findings(found);
  });
  let turn = 0;
  for (const [name, visits] of Object.entries(rows)) {
    for (const visit of visits) {
      // Anyone's pages are many: two lanes' worth.
      const half = visit.who === 'public' ? turn++ % 2 : 0;
      test(`page ${titleOf(name, visit)} (${visit.who})`, async () => {
        const visitor = await visitorFor(browser, visit.who, half ? { userAgent: undefined, deviceScaleFactor: 1 } : {});
        const found = await (visit.text ? keep : look)(visitor, visit);
        if (found.length) throw new Findings(found);
      }, `pages ${visit.who} ${half}`);
    }
  }
}
