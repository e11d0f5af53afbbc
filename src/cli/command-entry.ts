/** What a command is, and what several of them share. */
import { FogrunError } from '../contract/errors.ts';
import type { ConsoleAddress } from './console-address.ts';
import type { OptionName, Values } from './options.ts';
import type { LogChoice } from './process.ts';

export interface CommandEntry {
  readonly name: string;
  /** Form of its positional arguments, such as `FILE…`. */
  readonly form: string;
  /** How many of them there must be. */
  readonly count: { readonly min: number; readonly max: number };
  readonly does: string;
  readonly options: readonly OptionName[];
  /** What an option means here, where that is more than it means everywhere. */
  readonly means?: Partial<Record<OptionName, string>>;
  /** What its help says below the options. */
  readonly more?: () => Promise<string>;
  /** Does the work; resolves to the exit code. */
  readonly run: (words: readonly string[], values: Values) => Promise<number>;
}

export const none = { min: 0, max: 0 };
export const one = { min: 1, max: 1 };
export const some = { min: 1, max: Number.POSITIVE_INFINITY };

export const any = { min: 0, max: Number.POSITIVE_INFINITY };

/** What every command that talks to running pipelines takes. */
export const inState = (values: Values) => ({ state: stateDirectory(values), json: values.json ?? false });

/** Where the states of pipelines are: `--state`, `FOGRUN_STATE`, or `.fogrun` here. */
export function stateDirectory({ state }: Values): string {
  // An empty variable counts as none, as it does in pipeline files.
  return state ?? (process.env.FOGRUN_STATE || '.fogrun');
}

/** Where `--console` wants one; `null` without. */
export async function consoleChoice({ console: text }: Values): Promise<ConsoleAddress | null> {
  return text === undefined ? null : (await import('./console-address.ts')).consoleAddress(text);
}

/** Whom `--inspect-push` wants told; `null` without. */
export async function pushChoice({ 'inspect-push': text }: Values): Promise<URL | null> {
  return text === undefined ? null : (await import('../console/inspect-push.ts')).inspectPushUrl(text);
}

export async function logChoice(values: Values): Promise<LogChoice> {
  const { log } = values;
  if (log !== undefined && log !== 'text' && log !== 'json' && log !== 'journal') {
    throw new FogrunError('usage', `--log takes text, json or journal, not \`${log}\``);
  }
  // An empty variable counts as none.
  const level = values['log-level'] ?? (process.env.FOGRUN_LOG_LEVEL || 'info');
  if (level !== 'debug' && level !== 'info' && level !== 'warn' && level !== 'error') {
    const from = values['log-level'] === undefined ? 'FOGRUN_LOG_LEVEL' : '--log-level';
    throw new FogrunError('usage', `${from} takes debug, info, warn or error, not \`${level}\``);
  }
  const { isJournal } = await import('./process.ts');
  return { log: log ?? (isJournal(1) ? 'journal' : 'text'), level };
}
