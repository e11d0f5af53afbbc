/** The part of the table of errors that is about recordings; see errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

export const recordingErrors = {
  'recording-unreadable': {
    meaning: 'A file is no recording, or one that this fogrun cannot read.',
    advice: 'Name a file that `fogrun record` wrote; a newer one wants a newer fogrun.',
    exit: 2,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
