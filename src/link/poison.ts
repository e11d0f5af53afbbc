/** What is done about a segment that the cloud refuses, or that the disk damaged: counted, told, and out of the way in the end. */
import type { UploadEvent, UploaderConfig } from '../../machines/uploader.ts';
import { type ErrorCode, FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import type { EdgeStore } from '../contract/store.ts';
import { formatSize } from '../domain/quantities.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { counted } from '../domain/text.ts';

export interface JudgeEnv {
  readonly store: EdgeStore;
  readonly config: UploaderConfig;
  readonly report: Reporter;
}

export interface Judge {
  /** Counts the refusal. Resolves to what the statechart is to hear; rejects as the store does. */
  refused(header: SegmentHeader, told: UploadEvent & { readonly type: 'REFUSED' }): Promise<UploadEvent>;
  /** Looks what is left of it. */
  damaged(header: SegmentHeader, cause: Problem): Promise<UploadEvent>;
  /** Looks which records of the store are damaged; rejects with what was `thrown` when that is nothing that can be made good. */
  unreadable(thrown: unknown): Promise<UploadEvent>;
}

/** So many damaged segments in a row are dealt with at a time. */
const runMax = 256;

/** Dead letters never take more of the store than this. */
const storeShare = 1 / 4;

export function createJudge({ store, config, report }: JudgeEnv): Judge {
  const { refusals: refusalsMax, max } = config['dead-letters'];
  const bytesMax = Math.min(max, store.status().bytesMax * storeShare);
  /** The whole story in a line of its own; the state's cause needs no more than what became of it. */
  const tell = (code: ErrorCode, what: string, more: string): Problem => {
    report({ type: 'problem', ...toProblem(new FogrunError(code, `${what}: ${more}`)) });
    return toProblem(new FogrunError(code, what));
  };
  const mended = (found: string): UploadEvent => {
    return {
      type: 'LOST',
      cause: tell('segment-corrupt', 'headers of segments were damaged on the disk', found),
    };
  };
  return {
    async refused(header, told) {
      // What the cloud does not like may be what the disk made of it.
      const found = await store.letters.mend();
      if (found !== null) return mended(found);
      const { refusals, letter, isFull } = await store.letters.refused(header, told.cause.message, {
        refusalsMax,
        bytesMax,
      });
      if (refusals === 0) return told;
      if (!letter) {
        const times = isFull
          ? `${counted(refusals, 'time')}; it waits, because dead letters take ${formatSize(bytesMax)} already`
          : `${refusals} of ${refusalsMax} times`;
        const message = `${told.cause.message} (${times})`;
        return { ...told, cause: { ...told.cause, message }, attempt: refusals };
      }
      const which = `segment ${header.sequence} of ${header.stream} with ${counted(letter.count, 'reading')}`;
      const what = `${which} was refused ${counted(refusals, 'time')} and is dead letter ${letter.id} now, with a gap to stand for it`;
      const cause = tell('segment-dead', what, letter.text);
      return { ...told, cause, attempt: 1 };
    },
    async unreadable(thrown) {
      const found = await store.letters.mend();
      if (found === null) throw thrown;
      return mended(found);
    },
    async damaged(header, cause) {
      let last: UploadEvent = { type: 'LOST', cause };
      // Those damaged right behind it with it: each would cost a link of its own.
      for (let at: SegmentHeader | undefined = header, n = 0; at && n < runMax; n++) {
        const outcome = await store.letters.quarantine(at, bytesMax);
        // Sound, or gone meanwhile: the next link begins with what is there.
        if (!outcome) break;
        const { salvaged, lost, letter } = outcome;
        const what = `segment ${at.sequence} of ${at.stream} was damaged on the disk`;
        const kept = letter ? `; what is left of them is dead letter ${letter.id}` : '';
        const more = `${counted(salvaged, 'reading')} of ${at.count} go on, ${lost} are lost${kept}`;
        last = { type: 'LOST', cause: tell('segment-corrupt', what, more) };
        at = store.header(at.stream, at.sequence + 1);
      }
      return last;
    },
  };
}
