// A runner that does what these tests need: names, words to choose by, some lanes at once, one last line.
const tests = [];

const LINES_MAX = 60;

/** A test.  `group`: tests of one group run one after the other, in one lane.  ALONE: after all others. */
export const ALONE = 'alone';
export function test(name, run, group = name) {
  tests.push({ name, run, group });
}

export async function runAll(words, lanes) {
  const chosen = tests.filter(({ name }) => !words.length || words.some((word) => name.includes(word)));
  const groups = new Map();
  for (const one of chosen) groups.set(one.group, [...(groups.get(one.group) || []), one]);
  const last = groups.get(ALONE) || [];
  groups.delete(ALONE);
  const queue = [...groups.values()].sort((a, b) => b.length - a.length);
  let passed = 0, failed = 0;
  const lane = async () => {
    for (let group = queue.shift(); group; group = queue.shift()) {
      for (const { name, run } of group) {
        const begin = Date.now();
        try {
          await run();
          passed++;
          console.log(`  ok   ${name.padEnd(64)} ${String(Date.now() - begin).padStart(6)} ms`);
        } catch (error) {
          failed++;
          // A browser that died brings all it ever said.
          const trace = error instanceof Findings ? error.message : error.stack.split('\n').slice(0, LINES_MAX).join('\n');
          console.log(`  FAIL ${name}\n${trace.replace(/^/gm, '       ')}`);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  queue.push(last);
  await lane();
  return { passed, failed };
}

/** Everything that a page has wrong, at once. */
export class Findings extends Error {
  constructor(list) {
    super(list.join('\n'));
  }
}
