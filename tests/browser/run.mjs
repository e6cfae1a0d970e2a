// All browser tests.  Started by run.py, which brings the platform.  Words choose tests by their names.
import { launch } from './browser.mjs';
import { runAll } from './runner.mjs';

const LANES = Number(process.env.LANES || 2);
const browser = await launch();
const parts = ['./pages_test.mjs', './job_test.mjs', './fails_test.mjs', './script_test.mjs', './weight_test.mjs'];
for (const part of parts) (await import(part)).define(browser);
const begin = Date.now();
const { passed, failed } = await runAll(process.argv.slice(2), LANES);
await browser.close();
console.log(`${((Date.now() - begin) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
