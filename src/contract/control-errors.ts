/** The part of the table of errors that is about running pipelines in somebody's hands; see errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

export const controlErrors = {
  'control-absent': {
    meaning: 'No running pipeline has that name.',
    advice:
      'Run `fogrun ps` in the same directory, or name the right one with `--state DIR` or FOGRUN_STATE.',
    exit: 1,
  },
  'control-ambiguous': {
    meaning: 'More than one running pipeline or actor could be meant.',
    advice: 'Write PIPELINE/ACTOR.',
    exit: 2,
  },
  'control-unknown': {
    meaning: 'The pipeline has no such actor, stream or segment.',
    advice: '`fogrun ps` lists the actors, `fogrun segments list` the segments.',
    exit: 2,
  },
  'control-refused': {
    meaning: 'What was asked is not possible in the state things are in.',
    advice: 'The message says what is in the way.',
    exit: 1,
  },
  'reload-restart': {
    meaning: 'A pipeline file has changed in a way that a running pipeline cannot take over.',
    advice: 'Stop the pipeline and start it again, or undo that change.',
    exit: 2,
  },
  'reload-undone': {
    meaning: 'A reload was undone, because readings wait for an actor that is gone from the file.',
    advice: 'Let it deal with them first: see what keeps it with `fogrun ps`, then reload again.',
    exit: 1,
  },
  'control-version': {
    meaning: 'The running pipeline speaks another version of the control protocol.',
    advice: 'Use the fogrun that started it, or start it again with this one.',
    exit: 1,
  },
  'control-lost': {
    meaning: 'The connection to the running pipeline ended before it had answered.',
    advice: 'Run `fogrun ps` to see whether it still runs.',
    exit: 1,
  },
  'audit-failed': {
    meaning: 'A change that somebody asked for could not be written to the audit log.',
    advice: 'It was done all the same. Check the disk and the permissions of the state directory.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
