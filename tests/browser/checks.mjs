// What every page must be: valid, quiet, accessible in four looks, within 320 px, in Chinese.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { HtmlValidate } from 'html-validate';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const AXE_OPTIONS = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  resultTypes: ['violations'],
};
// Another colour scheme changes colours and nothing else.
const AXE_COLOURS = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, resultTypes: ['violations'] };

const html = new HtmlValidate({
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  elements: ['html5'],
  rules: {
    // Chinese text has no blanks: the rule counts characters for a Latin line.
    'long-title': 'off',
    // The summary of errors and notices stand before the h1, as readers want them.
    'heading-level': ['error', { minInitialRank: 'h2' }],
    // A list may have a name.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    'no-inline-style': 'error',
    'no-missing-references': 'error',
    'require-csp-nonce': 'off',
    'require-sri': 'off',
    'allowed-links': 'off',
    'no-implicit-button-type': 'off',
    'prefer-native-element': 'off',
    'svg-focusable': 'off',
    // 'tel' groups digits with blanks for reading; both are fine.
    'tel-non-breaking': 'off',
  },
});

/** Faults of the HTML as the server sent it. */
export async function htmlFaults(source) {
  const report = await html.validateString(source);
  const lines = source.split('\n');
  return report.results.flatMap((r) => r.messages).filter((m) => m.severity === 2)
    .map((m) => `html ${m.line}: ${m.message} (${m.ruleId})  ${(lines[m.line - 1] || '').trim().slice(0, 140)}`);
}

/** axe's findings in the page as it is now. */
export async function axeFaults(page, look) {
  if (!(await page.evaluate('typeof axe')).startsWith('obj')) await page.evaluate(AXE);
  const found = await page.evaluate((options) => window.axe.run(document, options), look === 'dark' ? AXE_COLOURS : AXE_OPTIONS);
  return found.violations.flatMap((v) => v.nodes.slice(0, 3).map((node) =>
    `axe ${look}: ${v.id}: ${v.help}  ${node.html.slice(0, 160)}  ${(node.any[0] || node.all[0] || node.none[0])?.message || ''}`));
}

/** Nothing may be wider than the window, but what is inside a region that scrolls by itself. */
export async function widthFaults(page, look) {
  return page.evaluate((look) => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width && document.body.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('body *')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width && box.right > width + 1 && !e.closest('.scroll');
    }).slice(-3).map((e) => e.outerHTML.slice(0, 120));
    return [`${look}: scrolls sideways, ${document.documentElement.scrollWidth} > ${width}: ${wide.join(' | ')}`];
  }, look);
}

/** Latin words that a Chinese page may show. */
const KNOWN = new Set(('PDF JPG JPEG PNG OFD DOC DOCX XLS XLSX CSV JSON ZIP MB KB GB kB A4 A3 OK SMS QR URL Excel Word ICP ID '
  + 'http https com cn gov html www tel Enter Esc Tab Ctrl Shift Alt ZeroMQ CURVE TLS API UTF BOM WCAG GB T pdf docx xlsx KTV sgxk Cookie GBK').split(' '));

/** What holds of the document whatever it shows. */
export async function documentFaults(page) {
  const faults = await page.evaluate(() => {
    const found = [];
    const say = (text) => found.push(text);
    const h1 = document.querySelectorAll('h1');
    if (h1.length !== 1) say(`${h1.length} h1`);
    else if (!h1[0].textContent.trim()) say('h1 without text');
    if (!document.title.trim()) say('no title');
    if (/^[\s·\-|_—–]/.test(document.title)) say(`title begins with its separator: ${document.title}`);
    if (document.documentElement.lang !== 'zh-CN') say(`lang is "${document.documentElement.lang}"`);
    if (document.querySelectorAll('main').length !== 1) say('not one main');
    const first = document.querySelector('a[href], button, input, select, textarea');
    if (!first || !(first.getAttribute('href') || '').startsWith('#')) say('the first thing to focus is no skip link');
    for (const e of document.querySelectorAll('[style], [onclick], [onchange], [onsubmit]')) say(`inline: ${e.outerHTML.slice(0, 100)}`);
    for (const e of document.querySelectorAll('script:not([src]):not([type="application/json"])')) say(`inline script: ${e.outerHTML.slice(0, 100)}`);
    for (const form of document.querySelectorAll('form[method=post]'))
      if (!form.querySelector('[name=_token]')) say(`form without token: ${form.outerHTML.slice(0, 100)}`);
    for (const a of document.querySelectorAll('a[href]')) {
      const href = a.getAttribute('href');
      if (!href || href === '#' || /^javascript:/i.test(href) || /[{}]|undefined/.test(href)) say(`link to nowhere: ${a.outerHTML.slice(0, 120)}`);
      if (href.startsWith('#') && href.length > 1 && !document.getElementById(decodeURIComponent(href.slice(1))))
        say(`link to an anchor that is not there: ${href}`);
    }
    const text = document.body.innerText.replaceAll('{{7*7}}', '');      // of the hostile case
    for (const bad of text.match(/\{\{|\}\}|\bundefined\b|\bNaN\b|\b[A-Z]+(?:_[A-Z0-9]+)+\b/g) || []) say(`shows "${bad}"`);
    return found;
  });
  return faults;
}

/** Words that are neither Chinese nor known: most often a text nobody translated. */
export async function strangeWords(page) {
  // Names of accounts, systems, methods and files are what they are.
  const text = await page.evaluate(() => {
    const names = [...document.querySelectorAll('.code, code')].map((e) => e.innerText)
      .sort((a, b) => b.length - a.length);        // one may be a part of another
    const shown = [document.title, document.body.innerText].join('\n');
    return names.reduce((rest, name) => (name ? rest.replaceAll(name, ' ') : rest), shown);
  });
  const words = new Set(text.replace(/[0-9a-f]{16,}|[0-9A-Z]{8,}/g, '').match(/[A-Za-z][A-Za-z]{2,}/g) || []);
  return [...words].filter((word) => !KNOWN.has(word));
}

/** Headers that every page carries. */
export function headerFaults(response) {
  const found = [];
  const headers = response.headers();
  const csp = headers['content-security-policy'] || '';
  if (!/default-src 'none'|default-src 'self'/.test(csp)) found.push(`CSP without default-src: ${csp}`);
  if (/unsafe-/.test(csp)) found.push(`CSP allows what it must not: ${csp}`);
  for (const part of ["form-action", "frame-ancestors", "base-uri"])
    if (!csp.includes(part)) found.push(`CSP without ${part}`);
  if (headers['x-content-type-options'] !== 'nosniff') found.push('no X-Content-Type-Options: nosniff');
  if (!headers['referrer-policy']) found.push('no Referrer-Policy');
  if (!/^text\/html; *charset=utf-8$/i.test(headers['content-type'] || '')) found.push(`content type ${headers['content-type']}`);
  return found;
}
