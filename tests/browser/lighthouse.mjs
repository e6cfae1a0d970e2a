// Lighthouse, mobile, on the most used pages.  Red when a score is below what issue and README promise.
import lighthouse from 'lighthouse';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM, Visitor, world } from './browser.mjs';

const LEAST = { performance: 95, accessibility: 100, 'best-practices': 95 };
const PAGES = [
  ['home', 'public', '/'],
  ['search', 'public', `/search?q=${encodeURIComponent('许可')}`],
  ['guide', 'public', `/items/${world.items.permit.id}`],
  ['apply', 'citizen', `/apply/${world.cases.draft.id}/applicant`],
  ['case', 'citizen', `/my/cases/${world.cases.reviewing.id}`],
  ['inbox', 'receiver', '/console/inbox'],
];
const PORT = 20000 + process.pid % 10000;

const words = process.argv.slice(2);
const folder = path.join(process.env.BUILD, 'lighthouse');
mkdirSync(folder, { recursive: true });
let failed = 0;
console.log(`${'page'.padEnd(10)}${Object.keys(LEAST).map((k) => k.padStart(16)).join('')}    first paint  largest paint  blocked  shift`);
for (const [name, who, at] of PAGES.filter(([name]) => !words.length || words.includes(name))) {
  // A profile of its own, so that nobody's cookies meet another's.
  const profile = mkdtempSync(path.join(os.tmpdir(), 'lighthouse-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM, chromiumSandbox: false, ignoreHTTPSErrors: true,
    baseURL: world.origin, locale: 'zh-CN',
    args: [`--remote-debugging-port=${PORT}`, '--ignore-certificate-errors', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  try {
    const visitor = Object.assign(Object.create(Visitor.prototype), { page: await browser.newPage() });
    if (who !== 'public') await visitor.signIn(who);
    const run = await lighthouse(world.origin + at, {
      port: PORT, output: 'html', logLevel: 'error', onlyCategories: Object.keys(LEAST), disableStorageReset: true, locale: 'zh',
    });
    writeFileSync(path.join(folder, `${name}.html`), run.report);
    const { categories, audits } = run.lhr;
    if (run.lhr.runtimeError) throw new Error(run.lhr.runtimeError.message);
    if (new URL(run.lhr.finalDisplayedUrl).pathname !== at.replace(/\?.*/, '')) throw new Error(`ends at ${run.lhr.finalDisplayedUrl}`);
    const scores = Object.keys(LEAST).map((k) => [k, Math.round(100 * categories[k].score)]);
    console.log(`${name.padEnd(10)}${scores.map(([k, s]) => `${s}${s < LEAST[k] ? ' !' : ''}`.padStart(16)).join('')}`
      + `    ${['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift'].map((a) => audits[a].displayValue).join('   ')}`);
    for (const [k, score] of scores) {
      if (score >= LEAST[k]) continue;
      failed++;
      for (const { id } of categories[k].auditRefs) {
        const audit = audits[id];
        if (audit.score !== null && audit.score < 0.9) console.log(`    ${k}: ${id}: ${audit.title} ${audit.displayValue || ''} ${JSON.stringify(audit.details?.items?.[0] || '').slice(0, 300)}`);
      }
    }
  } catch (error) {
    failed++;
    console.log(`${name.padEnd(10)} ${error.stack}`);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
console.log(failed ? `${failed} scores too low` : "all scores as promised");
process.exit(failed ? 1 : 0);
