/** The words after `npm run bench --`. */

export interface Arguments {
  /** Benchmarks to run; none: all. */
  readonly names: readonly string[];
  readonly runs: number;
  readonly quick: boolean;
  readonly peers: boolean;
  /** What to do instead of running anything. */
  readonly instead: 'list' | 'report' | 'check' | null;
}

export const usage = `npm run bench [-- NAME…] [--runs N] [--quick] [--peers]
  --runs N   runs that count, 5 by default; with fewer nothing is written
  --quick    one short run of each, to see that they work: nothing is judged or written
  --peers    also what other programs do with the same work, where they are installed
  --list     names of the benchmarks
  --report   writes docs/performance.md from bench/results and runs nothing
  --check    fails when docs/performance.md is not what bench/results say
npm run bench -- scaling
  measures and draws the curves of docs/scaling.md; \`scaling --help\` says more`;

/** Fewer runs make no result: how far they lie apart would say nothing. */
export const runsLeast = 5;

/** Throws an error for people. */
export function parseArguments(words: readonly string[], known: readonly string[]): Arguments {
  const names: string[] = [];
  let [runs, quick, peers] = [runsLeast, false, false];
  let instead: Arguments['instead'] = null;
  const left = words[Symbol.iterator]();
  for (const word of left) {
    if (word === '--quick') [quick, runs] = [true, 1];
    else if (word === '--peers') peers = true;
    else if (word === '--runs') runs = count(left.next().value);
    else if (word === '--list' || word === '--report' || word === '--check')
      instead = word.slice(2) as 'list' | 'report' | 'check';
    else if (known.includes(word)) names.push(word);
    else
      throw new Error(
        `there is no benchmark or option \`${word}\`; there are: ${known.join(', ')}\n\n${usage}`,
      );
  }
  return { names, runs, quick, peers, instead };
}

function count(word: string | undefined): number {
  const runs = Number(word);
  if (Number.isSafeInteger(runs) && runs > 0 && runs <= 1_000) return runs;
  throw new Error(`--runs wants a number from 1 to 1000, not \`${word ?? ''}\``);
}
