/** What a console knows: it attaches to pipelines, keeps the newest of what they say, and hands it to whoever looks on. */
import type { Clock } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import type { Problem } from '../contract/errors.ts';
import type { LogEntry } from '../contract/report.ts';
import type { ConsoleEvent, PipelineEvent } from './wire.ts';

type Draft<E = ConsoleEvent> = E extends ConsoleEvent ? Omit<E, 'id' | 'timeMs'> : never;

export interface Hub {
  /** Shows a pipeline before it has said anything, with the actors of its file. */
  expect(pipeline: string, actors: readonly { readonly name: string; readonly kind: string }[]): void;
  /** Takes the place of an earlier one of that name. */
  attach(control: PipelineControl): void;
  isAttached(pipeline: string): boolean;
  control(pipeline: string): PipelineControl | undefined;
  /** What a new page needs to know: `reset` first. */
  snapshot(): readonly ConsoleEvent[];
  /** Events after that one, oldest first; `null` when they are no longer all there. */
  after(id: number): readonly ConsoleEvent[] | null;
  /** Calls `listener` on every event from now on, until the returned function is called. */
  subscribe(listener: (event: ConsoleEvent) => void): () => void;
  close(): void;
}

const eventsMax = 2_000;
const entriesPast = 200;
const statusMs = 500;

export function createHub(clock: Clock): Hub {
  const events: ConsoleEvent[] = [];
  const listeners = new Set<(event: ConsoleEvent) => void>();
  const attached = new Map<string, { control: PipelineControl; end: () => void }>();
  const known = new Map<string, Draft<PipelineEvent>>();
  let lastId = 0;

  const stamp = (draft: Draft): ConsoleEvent => {
    lastId += 1;
    return { ...draft, id: lastId, timeMs: clock.now() } as ConsoleEvent;
  };
  const publish = (draft: Draft) => {
    const event = stamp(draft);
    events.push(event);
    if (events.length > eventsMax) events.shift();
    for (const hear of listeners) hear(event);
  };
  const tell = (pipeline: string, change: Partial<Draft<PipelineEvent>>) => {
    const before = known.get(pipeline) ?? {
      type: 'pipeline' as const,
      pipeline,
      attached: false,
      cause: null,
      actors: [],
    };
    const draft = { ...before, ...change };
    known.set(pipeline, draft);
    publish(draft);
  };
  const over = (pipeline: string, cause: Problem | null) => {
    attached.delete(pipeline);
    tell(pipeline, { attached: false, cause });
  };

  return {
    expect: (pipeline, actors) => tell(pipeline, { actors }),
    attach(control) {
      const { pipeline } = control;
      attached.get(pipeline)?.end();
      const entry = (line: LogEntry) => publish({ type: 'entries', entries: [line] });
      const endWatch = control.watch(
        {
          status: (status) => publish({ type: 'status', status }),
          entry,
          over: (cause) => over(pipeline, cause),
        },
        { everyMs: statusMs, entriesMax: entriesPast },
      );
      const endInspect = control.inspect({
        frames: (frames) => publish({ type: 'frames', pipeline, frames }),
        over: () => {},
      });
      const end = () => {
        endWatch();
        endInspect();
      };
      attached.set(pipeline, { control, end });
      tell(pipeline, { attached: true, cause: null });
    },
    isAttached: (pipeline) => attached.has(pipeline),
    control: (pipeline) => attached.get(pipeline)?.control,
    snapshot: () => [stamp({ type: 'reset' }), ...[...known.values()].map(stamp), ...events],
    after(id) {
      const [first] = events;
      if (id === lastId) return [];
      if (!first || id > lastId || id < first.id - 1) return null;
      return events.filter((event) => event.id > id);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      for (const { end } of attached.values()) end();
      attached.clear();
      listeners.clear();
    },
  };
}
