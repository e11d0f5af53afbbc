/** The part of the table of errors that is about segments and those who hold them; see errors.ts. */
import type { ErrorCodeEntry } from './errors.ts';

export const segmentErrors = {
  'store-absent': {
    meaning: "There is no edge's store of a pipeline of that name.",
    advice:
      'Run it where the pipeline was started, or say where its state is with --state DIR or FOGRUN_STATE.',
    exit: 2,
  },
  'file-unwritable': {
    meaning: 'A file that was asked for cannot be written.',
    advice: 'Check the path, its permissions, and the room on the disk.',
    exit: 2,
  },
  'segment-refused': {
    meaning: 'The cloud refused a segment.',
    advice: 'The reason it gave says why.',
    exit: 1,
  },
  'segment-discarded': {
    meaning: "A segment's readings were discarded before the cloud had acknowledged them.",
    advice: 'Nothing to do: at the next greeting it becomes a gap, or the cloud turns out to have it.',
    exit: 1,
  },
  'segment-corrupt': {
    meaning: "A segment in an edge's store does not match its hash: the disk damaged it.",
    advice:
      'Nothing to do for this one: what is sound of it goes on, the rest becomes a gap and a dead letter. If it happens again, look at the disk.',
    exit: 1,
  },
  'segment-dead': {
    meaning: 'The cloud refused a segment so often that it was put aside as a dead letter.',
    advice:
      'See why with `fogrun dead-letters show`; when the cause is mended, `fogrun dead-letters requeue` sends its readings under new numbers.',
    exit: 1,
  },
  'letter-unknown': {
    meaning: 'There is no dead letter of that number.',
    advice: '`fogrun dead-letters list` shows those that there are.',
    exit: 2,
  },
  'letter-held': {
    meaning: 'A dead letter cannot be requeued as it is, or not yet.',
    advice: 'The message says why.',
    exit: 1,
  },
  'edge-unknown': {
    meaning: 'The cloud has nothing from an edge of that name.',
    advice: 'Check the name; the pipeline of the edge tells it when it greets.',
    exit: 2,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
