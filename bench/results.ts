/** Results on the disk: one JSON file per benchmark in `bench/results`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import type { Measured, Scenario } from './scenario.ts';
import { formatNumber, spread } from './statistics.ts';
import { root } from './world.ts';

export interface Result extends Measured {
  readonly what: string;
  readonly target: string;
  /** `null` when nothing was promised. */
  readonly holds: boolean | null;
  readonly machine: Machine;
  readonly commit: string;
  /** Day of the measurement, UTC. */
  readonly date: string;
}

export const resultsDirectory = join(root, 'bench/results');

export function judge(
  scenario: Scenario,
  measured: Measured,
  on: Pick<Result, 'machine' | 'commit' | 'date'>,
): Result {
  const { what, target } = scenario;
  return { ...measured, what, target, holds: scenario.holds?.(measured) ?? null, ...on };
}

/** Numbers keep six digits: more would be noise, and a change of it a change of the file. */
export const rounded = (_: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : value;

export function writeResult(result: Result, directory = resultsDirectory): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${result.name}.json`), `${JSON.stringify(result, rounded, 2)}\n`);
}

/** All results there, by name. */
export function readResults(directory = resultsDirectory): Map<string, Result> {
  if (!existsSync(directory)) return new Map();
  const names = readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith('.json') ? [entry.name.slice(0, -'.json'.length)] : [],
  );
  return new Map(
    names.sort().map((name) => [name, JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8'))]),
  );
}

/** One line for the terminal. */
export function lineOf(result: Measured & Partial<Pick<Result, 'holds' | 'target'>>): string {
  const { name, unit, runs, reference, ratio, holds, target } = result;
  const parts = [
    `${name}: ${formatNumber(result.median)} ${unit}`,
    `${formatNumber(result.min)} to ${formatNumber(result.max)} in ${runs.length}, spread ${Math.round(spread(runs) * 100)} %`,
  ];
  if (reference && ratio !== undefined) {
    parts.push(
      `${formatNumber(ratio)} of ${reference.name} (${formatNumber(reference.median)} ${reference.unit})`,
    );
  }
  if (holds !== undefined && target) parts.push(`target ${target}: ${verdict(holds)}`);
  return parts.join(' · ');
}

export const verdict = (holds: boolean | null): string =>
  holds === null ? 'reported' : holds ? 'holds' : 'MISSED';
