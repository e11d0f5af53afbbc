/** Effects of the kind `file-source`: a file followed into a port, with its position. */
import { basename, resolve } from 'node:path';
import type { FileEvent, FileSourceConfig, FileSourceEffects } from '../../machines/file-source.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import { type IntakeRules, takeLines } from '../domain/intake.ts';
import { tooLong } from '../domain/refusal-reason.ts';
import { printable } from '../domain/text.ts';
import { decodePosition } from './file-position.ts';
import { type FileSourceEnv, runVisits, type Shared } from './file-visits.ts';
import { follow } from './tail.ts';
import type { TailEnv } from './tail-env.ts';
import { acceptedInTime } from './unaccepted.ts';

/** Longest batch, but for a single line: wrapping can make short lines many times as long. */
const batchBytesMax = 2 ** 20;

export function fileSourceEffects(env: FileSourceEnv): FileSourceEffects {
  return {
    retryInMs: env.retryInMs,
    file: (io) => runVisits(io, env, (shared, signal, tell) => readFile(io.input, env, shared, signal, tell)),
  };
}

/** Reads from where the store says it stopped, until the signal aborts, the end is reached, or the file is lost. */
async function readFile(
  config: FileSourceConfig,
  env: FileSourceEnv,
  shared: Shared,
  signal: AbortSignal,
  tell: (event: FileEvent) => void,
): Promise<void> {
  const path = resolve(config.path);
  try {
    await acceptedInTime(shared.unaccepted, env.clock, signal);
    if (signal.aborted) return;
    const known = env.store.position(env.name);
    const start = known === undefined ? undefined : decodePosition(env.name, known);
    await follow(
      {
        path,
        mode: config.mode,
        from: config.from,
        everyMs: config.every,
        rotationGraceMs: config['rotation-grace'],
        readBytesMax: config['read-max'],
        lineBytesMax: config['line-max'],
      },
      tailEnv(config, env, shared, signal, tell),
      start,
      signal,
    );
  } catch (thrown) {
    if (!signal.aborted) tell({ type: 'LOST', cause: expected(thrown) });
  }
}

function tailEnv(
  config: FileSourceConfig,
  env: FileSourceEnv,
  { files, unaccepted, complaints }: Shared,
  signal: AbortSignal,
  tell: (event: FileEvent) => void,
): TailEnv {
  const { report, clock } = env;
  const name = printable(config.path);
  const rules: IntakeRules = {
    device: config.device || [...basename(config.path)].slice(0, 256).join(''),
    sensor: config.sensor,
    ...(config.unit === undefined ? {} : { unit: config.unit }),
    lineBytesMax: config['line-max'],
    depthMax: config['depth-max'],
    batchBytesMax,
  };
  let refused = 0;
  const refuse = (line: number, reason: string) =>
    complaints.say(`line ${line} of ${name} was refused: ${reason}`);
  return {
    files,
    clock,
    judge(bytes, firstLine) {
      const taken = takeLines(bytes, rules, firstLine, new Date(clock.now()).toISOString());
      for (const { line, reason } of taken.refusals) refuse(line, reason);
      refused += taken.refused;
      return taken;
    },
    send(taken, position) {
      const { lines, count } = taken ?? { lines: new Uint8Array(), count: 0 };
      const stamped = taken?.stamped ? { stamped: true as const } : {};
      const place = { source: env.name, value: position };
      const batch = { stream: config.stream, lines, count, ...stamped, position: place };
      // Lines that are a view keep the whole block alive.
      unaccepted.send(batch, Math.max(lines.length, taken?.bytesRead ?? 0) + batchOverheadBytes);
    },
    isFull: () => unaccepted.isFull,
    room: (until) => unaccepted.room(until),
    accepted: () => unaccepted.accepted(signal),
    tooLong(line) {
      refuse(line, tooLong(config['line-max']));
      refused += 1;
    },
    note: (text, level) => (level === 'warn' ? complaints.say(text) : report({ type: 'note', text })),
    tell(event) {
      if (event === 'DONE' && refused > 0) {
        report({ type: 'note', text: `${refused} lines of ${name} were refused` }, 'warn');
      }
      if (event !== 'MISSING') return tell({ type: event });
      const cause = missing(name);
      report({ type: 'note', text: `${cause.message}: waiting for it` });
      tell({ type: event, cause });
    },
  };
}

/** Memory of a batch beside its lines, about. */
const batchOverheadBytes = 1_024;

function missing(name: string): Problem {
  return {
    code: 'file-unreadable',
    message: `nothing is at ${name}`,
    advice: 'It is read as soon as it is there; check the path if it should be.',
  };
}

/** Programming errors must not look like a file that cannot be read. */
function expected(thrown: unknown): Problem {
  const cause = toProblem(thrown);
  if (cause.code === 'internal') throw thrown;
  return cause;
}
