/**
 * Every error a person can meet, in one table. A code never changes its meaning once released;
 * docs/reference/errors.md is generated from this table and a test fails when it is stale.
 */
import { consoleErrors } from './console-errors.ts';
import { controlErrors } from './control-errors.ts';
import { deviceErrors } from './device-errors.ts';
import { identityErrors } from './identity-errors.ts';
import { segmentErrors } from './segment-errors.ts';
import { serviceErrors } from './service-errors.ts';
import { watchingErrors } from './watching-errors.ts';

/** What a code stands for and what to do about it; `exit` is the process's exit code when it ends the run. */
export interface ErrorCodeEntry {
  readonly meaning: string;
  readonly advice: string;
  readonly exit: 1 | 2 | 3;
}

const failed = 1;
const wrongInput = 2;
const storeUnusable = 3;

export const errorCodes = {
  // What a person typed or wrote.
  usage: {
    meaning: 'The command line was not understood.',
    advice: 'Run `fogrun --help`.',
    exit: wrongInput,
  },
  'file-unreadable': {
    meaning: 'A file named on the command line or in a pipeline cannot be read.',
    advice: 'Check the path and its permissions.',
    exit: wrongInput,
  },
  'pipeline-invalid': {
    meaning: 'A pipeline file has mistakes; all of them are listed.',
    advice: 'Mend the lines named; `fogrun check FILE` repeats the check without starting anything.',
    exit: wrongInput,
  },
  'pipeline-twice': {
    meaning: 'Two of the files given name the same pipeline.',
    advice: 'Give each pipeline a name of its own.',
    exit: wrongInput,
  },
  'sim-kind-unknown': {
    meaning: 'A pipeline cannot be simulated, since one of its kinds has no simulated peer.',
    advice: 'Simulate pipelines without it, or put a simulated sensor in its place.',
    exit: wrongInput,
  },
  // The place a pipeline runs in.
  'address-in-use': {
    meaning: 'Another process listens on the address.',
    advice: 'Stop it, or choose another port.',
    exit: failed,
  },
  'address-refused': {
    meaning: 'The operating system does not let fogrun listen on the address.',
    advice: 'Choose an address of this machine and a port above 1023.',
    exit: failed,
  },
  'effect-missing': {
    meaning: 'A kind needs an effect that was not provided: a programming error in a binding.',
    advice: 'Provide every effect the kind lists.',
    exit: failed,
  },
  internal: {
    meaning: 'A programming error in fogrun or in a kind.',
    advice: 'Please report it with the lines above it.',
    exit: failed,
  },
  'restart-limit': {
    meaning: 'An actor failed more often than its supervisor allows.',
    advice: 'Look at the cause named with it, mend that, and start the pipeline again.',
    exit: failed,
  },
  'deadline-missed': {
    meaning: 'Something did not answer within its deadline.',
    advice: 'Look whether the other side runs and can be reached.',
    exit: failed,
  },
  // Processes of one run.
  'process-refused': {
    meaning: 'A parent process did not take a child that wanted to join it.',
    advice: 'Let the parent start its children itself; look for another process of the same name.',
    exit: failed,
  },
  'process-lost': {
    meaning: 'A parent process and its child lost each other.',
    advice: 'Nothing to do: the parent starts the child again. If it repeats, look at the lines above it.',
    exit: failed,
  },
  'process-ended': {
    meaning: "A pipeline's process ended unasked.",
    advice: 'Its own last lines say why; it is started again within bounds.',
    exit: failed,
  },
  // Control of a running pipeline.
  ...controlErrors,
  ...watchingErrors,
  ...serviceErrors,
  // The console for browsers.
  ...consoleErrors,
  // The store.
  'store-locked': {
    meaning: 'Another fogrun owns the store.',
    advice: 'Stop it first, or give this pipeline a store path of its own.',
    exit: storeUnusable,
  },
  'store-unwritable': {
    meaning: 'The directory of the store cannot be created or written.',
    advice: 'Check its owner, its permissions and the room on the disk, or choose another with FOGRUN_STATE.',
    exit: storeUnusable,
  },
  'store-failed': {
    meaning: 'The disk did not take a commit.',
    advice: 'Look at the disk and its free space, then start again: what was accepted is kept.',
    exit: storeUnusable,
  },
  'store-corrupt': {
    meaning: 'The store cannot be read.',
    advice:
      'Keep the directory it was moved to until its readings are salvaged or known to be in the cloud; look at the disk.',
    exit: storeUnusable,
  },
  'store-version': {
    meaning: 'The store was written by a newer fogrun.',
    advice: 'Run the version that wrote it, or a newer one.',
    exit: storeUnusable,
  },
  'store-full': {
    meaning: 'The store has reached its quota or the disk its headroom.',
    advice: 'Let the backlog drain, raise `store.max`, or free disk space.',
    exit: failed,
  },
  // Readings.
  'reading-refused': {
    meaning: 'A reading is not valid and was not taken.',
    advice: 'Mend its source; the reason names what is wrong.',
    exit: failed,
  },
  'csv-columns': {
    meaning: 'A CSV file lacks a column that its source names.',
    advice: 'Mend `time`, `device-column` or `values` of the source, or the first row of the file.',
    exit: failed,
  },
  // The link.
  'link-unreachable': {
    meaning: 'The cloud cannot be reached.',
    advice: 'Start it, or check host and port; the uploader tries again by itself.',
    exit: failed,
  },
  'link-lost': {
    meaning: 'The connection ended.',
    advice: 'Nothing to do: the uploader connects again and resends what was not acknowledged.',
    exit: failed,
  },
  'link-silent': {
    meaning: 'The other side sent nothing within the heartbeat deadline.',
    advice: 'Nothing to do: the connection is given up and made anew.',
    exit: failed,
  },
  'link-damaged': {
    meaning: 'Something on the way changes bytes: a message of the link did not arrive as it was sent.',
    advice:
      'Nothing to do: the uploader connects again and resends what was not acknowledged. If it repeats, look for what stands between edge and cloud.',
    exit: failed,
  },
  'link-protocol': {
    meaning: 'The other side broke the link protocol.',
    advice: 'Check that the address is a fogrun receiver of a matching version.',
    exit: failed,
  },
  'link-foreign': {
    meaning: 'The other side does not speak the fogrun link protocol.',
    advice: 'Check host and port.',
    exit: failed,
  },
  'link-version': {
    meaning: 'The two sides speak different versions of the link protocol.',
    advice: 'Update the older side.',
    exit: failed,
  },
  'link-refused': {
    meaning: 'The cloud refused the greeting, or ended the link with a reason.',
    advice: 'The reason it gave says what to change.',
    exit: failed,
  },
  'link-superseded': {
    meaning: 'A newer connection of the same edge and epoch took over.',
    advice: 'If this repeats, two devices run copies of one store: give one of them a store of its own.',
    exit: failed,
  },
  'edge-forked': {
    meaning:
      'The history of this edge and the cloud do not continue each other (copy, restore, or another cloud).',
    advice: 'What was not acknowledged goes on in a new epoch; find out which copy should live.',
    exit: failed,
  },
  ...identityErrors,
  ...segmentErrors,
  ...deviceErrors,
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;

/** A failure as plain data: what travels in events, logs and messages. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

/** An expected failure: anything else that is thrown counts as a programming error. */
export class FogrunError extends Error {
  readonly code: ErrorCode;
  readonly advice: string;

  /**
   * @param message what happened, where, and what was expected
   * @param advice what to do, when this case knows better than the table
   */
  constructor(code: ErrorCode, message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'FogrunError';
    this.code = code;
    this.advice = options.advice ?? errorCodes[code].advice;
  }

  get exitCode(): 1 | 2 | 3 {
    return errorCodes[this.code].exit;
  }
}

/** Plain data for any thrown value; what is not a FogrunError becomes `internal`. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof FogrunError) {
    return { code: thrown.code, message: thrown.message, advice: thrown.advice };
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: 'internal', message: text, advice: errorCodes.internal.advice };
}

/** True for failures that no retry can mend. */
export function isBug(problem: Problem): boolean {
  return problem.code === 'internal' || problem.code === 'effect-missing';
}
