// PNG of every page, desktop and phone, into build/screenshots.  Words choose by name.
//   DOCS=1: only those of `shown`, small, into docs/screenshots.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { launch, SIZES } from './browser.mjs';
import { rows, shown } from './pages.mjs';
import { titleOf, visitorFor } from './pages_test.mjs';

const docs = !!process.env.DOCS;
const folder = docs ? path.join(process.env.BUILD, '../docs/screenshots') : path.join(process.env.BUILD, 'screenshots');
const BYTES_MAX = 60_000;       // of a picture in docs/
const words = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

/** Fewer colours, until it is small enough. */
function squeeze(png) {
  let least = png;
  for (const colours of [256, 128, 64, 32, 16]) {
    const done = spawnSync('pngquant', ['--speed', '1', '--strip', String(colours), '-'], { input: png, maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(`pngquant: ${done.error || done.stderr}`);
    if (done.stdout.length < least.length) least = done.stdout;
    if (least.length <= BYTES_MAX) return least;
  }
  throw new Error(`still ${least.length} bytes`);
}

const wanted = [];
if (docs) {
  for (const [file, one] of Object.entries(shown)) wanted.push({ file, ...one });
} else {
  for (const [name, visits] of Object.entries(rows))
    for (const visit of visits.filter((one) => !one.text))
      for (const size of ['desktop', 'phone'])
        wanted.push({ file: `${titleOf(name, visit).replace(/[/ ]/g, '-')}-${size}.png`, visit, size, full: true });
}
const browser = await launch();
let failed = 0;
for (const { file, visit, size, full, dark, elder, height } of wanted.filter((w) => !words.length || words.some((word) => w.file.includes(word)))) {
  try {
    const visitor = await visitorFor(browser, visit.who, SIZES[size]);
    const { page } = visitor;
    await visitor.elder(!!elder);
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    if (height) await page.setViewportSize({ ...SIZES[size].viewport, height });
    await visitor.go(visit.at);
    if (visit.does) await visit.does(page);
    const png = await page.screenshot({ fullPage: !!full });
    await page.setViewportSize(SIZES[size].viewport);
    writeFileSync(path.join(folder, file), docs ? squeeze(png) : png);
    console.log(`${file}  ${statSync(path.join(folder, file)).size}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${file}: ${error.message}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
