/** `npm run bench`: runs benchmarks, prints a line for each, writes results and docs/performance.md. */
import { parseArguments, runsLeast } from './arguments.ts';
import { measure } from './harness.ts';
import { commit, machine } from './machine.ts';
import { allDelivered, compare, comparisonLines, writeComparison } from './peers/compare.ts';
import { reportIsFresh, writeReport } from './report.ts';
import { judge, lineOf, writeResult } from './results.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { abandonWorlds } from './world.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);
const progress = (name: string, text: string) => void process.stderr.write(`${name}: ${text}\n`);

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === 'scaling') {
    const { runScaling } = await import('./scaling/main.ts');
    return runScaling(words.slice(1));
  }
  const order = scenarios.map(({ name }) => name);
  const { names, runs, quick, peers, instead } = parseArguments(words, order);
  if (instead === 'list') {
    for (const { name, target } of scenarios) say(`${name.padEnd(16)} ${target}`);
    return 0;
  }
  if (instead === 'check') {
    if (reportIsFresh(order)) return 0;
    say('docs/performance.md is not what bench/results say: npm run bench -- --report');
    return 1;
  }
  if (instead === 'report') {
    writeReport(order);
    return 0;
  }
  const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  let failed = 0;
  for (const scenario of chosen) failed += (await runOne(scenario, runs, quick)) ? 0 : 1;
  if (peers) failed += (await runPeers(runs, quick)) ? 0 : 1;
  if (runs >= runsLeast) writeReport(order);
  return failed === 0 ? 0 : 1;
}

/** False when the benchmark could not finish or found its own outcome wrong. A missed target is no failure. */
async function runOne(scenario: Scenario, runs: number, quick: boolean): Promise<boolean> {
  const { name } = scenario;
  const reason = scenario.impossible?.() ?? null;
  if (reason !== null) {
    say(`${name}: left out, ${reason}`);
    return true;
  }
  try {
    const on = { machine: machine(), commit: commit(), date: new Date().toISOString().slice(0, 10) };
    const { load, cores } = on.machine;
    if (!quick && load > cores / 4)
      say(`${name}: the machine is busy (load ${load}): the figures are worth less`);
    const measured = await measure(scenario, { runs, quick, progress: (text) => progress(name, text) });
    if (quick) {
      say(`${name}: works (${lineOf(measured)})`);
      return true;
    }
    const result = judge(scenario, measured, on);
    if (runs >= runsLeast) writeResult(result);
    say(lineOf(result));
    for (const [label, { value, unit }] of Object.entries(result.figures))
      say(`    ${label}: ${Number(value.toPrecision(4))} ${unit}`);
    return true;
  } catch (error) {
    say(`${name}: FAILED: ${error instanceof Error ? error.stack : error}`);
    return false;
  }
}

/** What other programs do with the work of `throughput`. False when one of them did not deliver what it was sent. */
async function runPeers(runs: number, quick: boolean): Promise<boolean> {
  try {
    const comparison = await compare({ runs, quick, progress: (text) => progress('peers', text) });
    if (!quick && runs >= runsLeast) writeComparison(comparison);
    for (const line of comparisonLines(comparison)) say(line);
    return allDelivered(comparison);
  } catch (error) {
    say(`peers: FAILED: ${error instanceof Error ? error.stack : error}`);
    return false;
  }
}

process.on('exit', abandonWorlds);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return 2;
});
