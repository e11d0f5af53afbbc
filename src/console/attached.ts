/** One pipeline that a console is attached to: paces what it says. */
import type { Clock, Timer } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import type { Problem } from '../contract/errors.ts';
import type { InspectFrame } from '../contract/inspect.ts';
import type { LogEntry } from '../contract/report.ts';
import type { PipelineStatus } from '../contract/status.ts';
import { createGatherer } from './gather.ts';
import { noteText } from './texts.ts';
import { thin } from './thin.ts';
import type { ConsoleEvent, EntriesEvent, FramesEvent, StatusEvent } from './wire.ts';

export interface AttachedSink {
  stamp<E extends ConsoleEvent>(draft: Omit<E, 'id' | 'timeMs'>): E;
  status(event: StatusEvent): void;
  entries(event: EntriesEvent, bytes: number): void;
  /** @param bytes of each frame, as JSON */
  frames(event: FramesEvent, bytes: readonly number[]): void;
  /** Frames come from now on; so far these actors live. */
  begin(alive: ReadonlySet<string>): void;
  /** Exactly once, unless it was ended here. */
  over(cause: Problem | null): void;
}

export interface Attached {
  /** Hands on what has gathered before. */
  end(): void;
}

/** Statuses come at most so often, ms. */
const statusMs = 500;
const gatherMs = 100;
/** Lines of the log that it begins with. */
const entriesPast = 200;
const entriesMax = 200;
/** Frames that go to pages at a time, and how much a second of them at most: a page has other things to do. */
const framesMax = 250;
const bytesPerSecond = 2 * 2 ** 20;
/** Frames that wait; more go on before their time. */
const waitingMax = 5_000;

/** @param lastId of the frames of earlier lives: those of this one are numbered from there on, so that each number is one moment */
export function attachTo(
  control: PipelineControl,
  clock: Clock,
  sink: AttachedSink,
  lastId: number,
): Attached {
  const { pipeline } = control;
  const entries = createGatherer<LogEntry>({
    ...{ clock, everyMs: gatherMs, countMax: waitingMax },
    take(lines) {
      const event = sink.stamp<EntriesEvent>({ type: 'entries', entries: shortened(lines) });
      const text = JSON.stringify(event);
      noteText(event, text);
      sink.entries(event, text.length);
      return pauseMs(text.length);
    },
  });
  const frames = createGatherer<InspectFrame>({
    ...{ clock, everyMs: gatherMs, countMax: waitingMax },
    take(all) {
      const fewer = thin(all, framesMax);
      const event = sink.stamp<FramesEvent>({ type: 'frames', pipeline, frames: fewer });
      const texts = fewer.map((frame) => JSON.stringify(frame));
      const { frames: _, ...head } = event;
      const text = `${JSON.stringify(head).slice(0, -1)},"frames":[${texts.join(',')}]}`;
      noteText(event, text);
      sink.frames(
        event,
        texts.map(({ length }) => length),
      );
      return pauseMs(text.length);
    },
  });
  const status = pacedStatus(clock, (newest) => {
    sink.status(sink.stamp<StatusEvent>({ type: 'status', status: newest }));
  });
  let begun = false;
  let isOver = false;
  const stop = () => {
    if (isOver) return;
    status.flush();
    entries.flush();
    frames.flush();
    isOver = true;
    status.close();
    entries.close();
    frames.close();
  };
  const endInspect = control.inspect({
    frames(more) {
      if (isOver) return;
      if (!begun) {
        begun = true;
        sink.begin(new Set(more.flatMap(({ type, actor }) => (type === 'actor' ? [actor] : []))));
      }
      frames.add(lastId === 0 ? more : more.map((frame) => ({ ...frame, id: frame.id + lastId })));
    },
    over() {},
  });
  const endWatch = control.watch(
    {
      status: (newest) => {
        if (!isOver) status.take(newest);
      },
      entry: (line) => {
        if (!isOver) entries.add([line]);
      },
      over(cause) {
        if (isOver) return;
        stop();
        sink.over(cause);
      },
    },
    { everyMs: statusMs, entriesMax: entriesPast },
  );
  return {
    end() {
      stop();
      endWatch();
      endInspect();
    },
  };
}

function pauseMs(bytes: number): number {
  return (bytes / bytesPerSecond) * 1_000;
}

/** The first at once, then the newest at most every `statusMs`. */
function pacedStatus(clock: Clock, hand: (status: PipelineStatus) => void) {
  let newest: PipelineStatus | null = null;
  let timer: Timer | undefined;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  const flush = () => {
    clock.clearTimeout(timer);
    timer = undefined;
    if (newest === null) return;
    const status = newest;
    newest = null;
    notBeforeMs = clock.monotonic() + statusMs;
    hand(status);
  };
  return {
    take(status: PipelineStatus) {
      newest = status;
      const waitMs = notBeforeMs - clock.monotonic();
      if (waitMs <= 0) flush();
      else timer ??= clock.setTimeout(flush, waitMs);
    },
    flush,
    close: () => clock.clearTimeout(timer),
  };
}

/** The newest, and before them how many others there were. */
function shortened(lines: readonly LogEntry[]): readonly LogEntry[] {
  if (lines.length <= entriesMax) return lines;
  const gone = lines.length - entriesMax;
  const { time, pipeline } = lines[gone]!;
  const text = `${gone} lines of the log are left out here: they came too fast`;
  const note: LogEntry = { time, level: 'warn', pipeline, actor: 'console', report: { type: 'note', text } };
  return [note, ...lines.slice(gone)];
}
