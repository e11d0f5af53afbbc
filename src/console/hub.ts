/** What a console knows: it attaches to pipelines, keeps the newest of what they say, and hands it to whoever looks on. */
import type { Clock } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import type { Problem } from '../contract/errors.ts';
import { type LogEntry, levelOf, type Report } from '../contract/report.ts';
import type { PipelineStatus } from '../contract/status.ts';
import { type Attached, type AttachedSink, attachTo } from './attached.ts';
import { type KeptFigures, keepFigures } from './figures.ts';
import { type Kept, keepPast } from './kept.ts';
import { keepRecent } from './recent.ts';
import { eventText } from './texts.ts';
import type { ConsoleEvent, EntriesEvent, PipelineEvent, StatusEvent } from './wire.ts';

export type Draft<E = ConsoleEvent> = E extends ConsoleEvent ? Omit<E, 'id' | 'timeMs'> : never;

export interface Hub {
  /** Shows a pipeline before it has said anything, with the actors of its file. */
  expect(pipeline: string, actors: readonly { readonly name: string; readonly kind: string }[]): void;
  /** Takes the place of an earlier one of that name. */
  attach(control: PipelineControl): void;
  isAttached(pipeline: string): boolean;
  control(pipeline: string): PipelineControl | undefined;
  /** What is said of each as a whole. */
  pipelines(): readonly Draft<PipelineEvent>[];
  /** What a new page needs to know: `reset` first. */
  snapshot(): readonly ConsoleEvent[];
  /** Events after that one, oldest first; `null` when they are no longer all there. Of statuses only the newest. */
  after(id: number): readonly ConsoleEvent[] | null;
  /** Calls `listener` on every event from now on, until the returned function is called. */
  subscribe(listener: (event: ConsoleEvent) => void): () => void;
  /** Those who listen hear first what has gathered. */
  close(): void;
}

interface Known {
  /** What was last said of it as a whole. */
  said: Draft<PipelineEvent>;
  status: StatusEvent | null;
  lastFrame: number;
  /** It was lost, and has not been reached since. */
  isLost: boolean;
  readonly kept: Kept;
  readonly figures: KeptFigures;
}

export function createHub(clock: Clock): Hub {
  const listeners = new Set<(event: ConsoleEvent) => void>();
  const attached = new Map<string, { readonly control: PipelineControl; hold: Attached | null }>();
  const known = new Map<string, Known>();
  const recent = keepRecent();
  let lastId = 0;

  const stamp = <E extends ConsoleEvent>(draft: Omit<E, 'id' | 'timeMs'>): E => {
    lastId += 1;
    return { ...draft, id: lastId, timeMs: clock.now() } as E;
  };
  const publish = (event: ConsoleEvent) => {
    recent.add(event);
    for (const hear of listeners) hear(event);
  };
  const knownOf = (pipeline: string): Known => {
    const found = known.get(pipeline);
    if (found) return found;
    const said = { type: 'pipeline', pipeline, attached: false, cause: null, actors: [] } as const;
    const fresh: Known = {
      said,
      status: null,
      lastFrame: 0,
      isLost: false,
      kept: keepPast(pipeline),
      figures: keepFigures(),
    };
    known.set(pipeline, fresh);
    return fresh;
  };
  const tell = (pipeline: string, change: Partial<Draft<PipelineEvent>>) => {
    const own = knownOf(pipeline);
    own.said = { ...own.said, ...change };
    publish(stamp<PipelineEvent>(own.said));
  };
  const heardEntries = (own: Known, event: EntriesEvent, bytes: number) => {
    own.kept.addEntries(event, bytes);
    publish(event);
  };
  /** Who is gone cannot say so: it stands in its log, and so beside what it measured, also for pages that come later. */
  const sayTurn = (own: Known, cause: Problem | null) => {
    own.isLost = cause !== null;
    const entry = turnEntry(own.said.pipeline, clock.now(), cause);
    const event = stamp<EntriesEvent>({ type: 'entries', entries: [entry] });
    heardEntries(own, event, eventText(event).length);
  };
  const over = (pipeline: string, cause: Problem | null) => {
    attached.delete(pipeline);
    if (cause) sayTurn(knownOf(pipeline), cause);
    tell(pipeline, { attached: false, cause });
  };

  return {
    expect: (pipeline, actors) => tell(pipeline, { actors }),
    attach(control) {
      const { pipeline } = control;
      attached.get(pipeline)?.hold?.end();
      // What it said does not go on here, whoever comes in its place.
      if (attached.has(pipeline)) over(pipeline, null);
      const own = knownOf(pipeline);
      // Whoever hears of it may have it at once.
      const entry = { control, hold: null as Attached | null };
      attached.set(pipeline, entry);
      tell(pipeline, { attached: true, cause: null });
      if (own.isLost) sayTurn(own, null);
      const sink: AttachedSink = {
        stamp,
        status(event) {
          own.status = event;
          own.figures.add(event.status);
          publish(event);
          const actors = declaredIn(event.status);
          if (namesOf(actors) !== namesOf(own.said.actors)) tell(pipeline, { actors });
        },
        entries: (event, bytes) => heardEntries(own, event, bytes),
        frames(event, bytes) {
          own.lastFrame = Math.max(own.lastFrame, event.frames.at(-1)!.id);
          own.kept.addFrames(event, bytes);
          publish(event);
        },
        begin: (alive) => own.kept.begin(alive),
        over(cause) {
          if (attached.get(pipeline) === entry) over(pipeline, cause);
        },
      };
      entry.hold = attachTo(control, clock, sink, own.lastFrame);
    },
    isAttached: (pipeline) => attached.has(pipeline),
    control: (pipeline) => attached.get(pipeline)?.control,
    pipelines: () => [...known.values()].map(({ said }) => said),
    snapshot() {
      const timeMs = clock.now();
      const all = [...known.values()];
      const standing: ConsoleEvent[] = [
        { type: 'reset', id: 0, timeMs },
        ...all.map(({ said }) => ({ ...said, id: 0, timeMs })),
        ...all.flatMap(({ status, figures }) => (status ? [{ ...status, id: 0, before: figures.all }] : [])),
        ...all.flatMap(({ said: { pipeline }, kept }): ConsoleEvent[] => {
          const frames = kept.pictures();
          return frames.length > 0 ? [{ type: 'frames', id: 0, timeMs, pipeline, frames }] : [];
        }),
      ];
      const past = all.flatMap(({ kept }) => kept.past()).sort((a, b) => a.id - b.id);
      const [first] = all;
      // The last one says from where on events are to come.
      if (first && past.at(-1)?.id !== lastId) past.push({ ...first.said, id: lastId, timeMs });
      return [...standing, ...past];
    },
    after: (id) => recent.after(id),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      for (const { hold } of attached.values()) hold?.end();
      attached.clear();
      listeners.clear();
    },
  };
}

/** That its process is lost, and why; without a cause, that it is reached again. */
function turnEntry(pipeline: string, time: number, cause: Problem | null): LogEntry {
  const report: Report = cause
    ? { type: 'transition', from: 'reached', to: 'lost', event: 'LOST', cause }
    : { type: 'transition', from: 'lost', to: 'reached', event: 'REACHED' };
  return { time, level: levelOf(report), pipeline, actor: 'process', report };
}

/** Its actors without those that belong to others, such as sessions. */
function declaredIn({ actors }: PipelineStatus): PipelineEvent['actors'] {
  return actors.filter(({ name }) => !name.includes('/')).map(({ name, kind }) => ({ name, kind }));
}

const namesOf = (actors: PipelineEvent['actors']) =>
  JSON.stringify(actors.map(({ name, kind }) => [name, kind]));
