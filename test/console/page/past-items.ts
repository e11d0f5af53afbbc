/** Made-up parts of a past. */
import type { PastItem } from '../../../src/console/page/model/past.ts';
import type { FrameItem } from '../../../src/console/page/statechart/history.ts';
import type { ActorFrame, EndFrame, StepFrame } from '../../../src/contract/inspect.ts';
import type { LogEntry, Report } from '../../../src/contract/report.ts';
import { levelOf } from '../../../src/contract/report.ts';

let lastId = 0;

export function begun(more: Partial<ActorFrame> = {}): ActorFrame {
  lastId += 1;
  return {
    ...{ type: 'actor', id: lastId, timeMs: lastId * 10, actor: 'uploader', kind: 'uploader', parent: null },
    ...{ state: 'idle', value: 'idle', context: {}, timers: [], known: false },
    ...more,
  };
}

export function step(more: Partial<StepFrame> = {}): StepFrame {
  lastId += 1;
  const { from = 'idle', to = 'idle' } = more;
  return {
    ...{
      type: 'step',
      id: lastId,
      timeMs: lastId * 10,
      actor: 'uploader',
      source: null,
      from,
      to,
      value: to,
    },
    event: { type: 'GO', name: 'GO', payload: null },
    ...{ taken: [`${from}|GO|0`], refused: [], sent: [] },
    ...more,
  };
}

export function stepItem(frame: ActorFrame | StepFrame | EndFrame): FrameItem {
  const { actor, timeMs, id } = frame;
  return { place: id, eventId: id, timeMs, pipeline: 'edge', actor, frame, entry: null };
}

export function entryItem(report: Report, more: Partial<LogEntry> = {}): PastItem {
  lastId += 1;
  const entry: LogEntry = {
    ...{ time: lastId * 10, level: levelOf(report), pipeline: 'edge', actor: 'uploader', report },
    ...more,
  };
  const { pipeline, actor, time } = entry;
  return { place: lastId, eventId: lastId, timeMs: time, pipeline, actor, frame: null, entry };
}
