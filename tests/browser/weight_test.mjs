// What the first visit costs: everything that comes over the wire, compressed, with headers; and the look's own check.
import { spawnSync } from 'node:child_process';
import { SIZES, Visitor } from './browser.mjs';
import { test } from './runner.mjs';

const FIRST_VISIT_MAX = 60_000;

/** Bytes of each request of a first visit. */
export async function weigh(browser, at) {
  const visitor = await new Visitor(browser, 'public', SIZES.phone).open();
  try {
    const wire = await visitor.context.newCDPSession(visitor.page);
    const names = new Map(), sizes = new Map();
    await wire.send('Network.enable');
    await wire.send('Network.setCacheDisabled', { cacheDisabled: true });
    wire.on('Network.requestWillBeSent', (e) => names.set(e.requestId, e.request.url.replace(/\?.*/, '')));
    wire.on('Network.loadingFinished', (e) => sizes.set(names.get(e.requestId), e.encodedDataLength));
    await visitor.page.goto(at, { waitUntil: 'networkidle' });
    return [...sizes];
  } finally {
    await visitor.close();
  }
}

export function define(browser) {
  test('look: contrast of all themes, icons and sizes (static/check.py)', () => {
    const done = spawnSync('/usr/bin/python3', ['services/gateway/static/check.py'], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stdout + done.stderr);
  });

  test(`weight: the first visit to the home page takes at most ${FIRST_VISIT_MAX} bytes`, async () => {
    const sizes = await weigh(browser, '/');
    const sum = sizes.reduce((all, [, size]) => all + size, 0);
    const list = sizes.map(([name, size]) => `${String(size).padStart(8)}  ${name}`).join('\n');
    if (!sizes.some(([name]) => name.endsWith('.css')) || sum < 5000) throw new Error(`nothing was weighed:\n${list}`);
    if (sum > FIRST_VISIT_MAX) throw new Error(`${sum} bytes:\n${list}`);
  });
}
