/** The part of the table of errors that is about who looks on: recordings and inspectors; see errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

export const watchingErrors = {
  'recording-unreadable': {
    meaning: 'A file is no recording, or one that this fogrun cannot read.',
    advice: 'Name a file that `fogrun record` wrote; a newer one wants a newer fogrun.',
    exit: 2,
  },
  'inspector-lost': {
    meaning: 'The inspector that was to be told what happens (`--inspect-push`) is not there.',
    advice: 'Start it, or check the address; fogrun tries again by itself, and pipelines do not wait for it.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
