/** The live view: pipelines in, pictures out, keys back to the pipelines. */
import type { Clock, Timer } from '../contract/clock.ts';
import type { Asker, PipelineControl } from '../contract/control.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import type { LogEntry } from '../contract/report.ts';
import type { ActorStatus } from '../contract/status.ts';
import { createKeyReader } from './keys.ts';
import * as models from './model.ts';
import { press, type Wish } from './press.ts';
import { heights, render } from './render.ts';
import { createScreen, type Tty } from './screen.ts';

export interface ViewOptions {
  readonly mode: 'run' | 'top';
  readonly tty: Tty;
  readonly clock: Clock;
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Who presses the keys, for the audit log. */
  readonly user: string;
  /** Where `top` looks for pipelines. */
  readonly where?: string;
  readonly on: {
    /** `q` or Ctrl-C; comes again when it is pressed again. */
    readonly quit: () => void;
    /** Ctrl-Z; the screen is given back already. */
    readonly suspend: () => void;
  };
}

/** What was seen, for the end. */
export interface Seen {
  readonly pipelines: readonly { readonly name: string; readonly how: string }[];
  readonly complaints: readonly models.Complaint[];
  readonly complaintsTotal: number;
}

export interface View {
  /** Shows a pipeline before it has said anything, with the actors of its file. */
  expect(pipeline: string, actors: readonly { readonly name: string; readonly kind: string }[]): void;
  /** Statuses come from here and keys go there; takes the place of an earlier one of that name. */
  attach(control: PipelineControl, options?: { readonly entries?: boolean }): void;
  /** True while that pipeline is attached and not over. */
  isAttached(pipeline: string): boolean;
  /** It has ended; `null` for in order. */
  over(pipeline: string, cause: Problem | null): void;
  entry(entry: LogEntry, from?: 'pipeline' | 'parent'): void;
  /** Something that was said outside the log, such as on stderr. */
  line(who: string, text: string, level?: LogEntry['level']): void;
  /** The console for browsers can be opened at that address. */
  console(address: string): void;
  /** Everything ends now. */
  ending(): void;
  /** Gives the terminal back for a while, and takes it again. */
  suspend(): void;
  resume(): void;
  /** Gives the terminal back for good; more than once does no harm. */
  close(): Seen;
}

/** Pictures a second at most, for what changes on its own and for countdowns. */
const frameMs = 100;
const countdownMs = 250;
const clockMs = 1_000;
const statusMs = 1_000;
/** Entries of the past that a view begins with. */
const pastEntries = 200;

export function openView(options: ViewOptions): View {
  const { tty, clock, on } = options;
  const model = models.createModel(options.mode, options.where);
  const controls = new Map<string, { readonly control: PipelineControl; readonly end: () => void }>();
  let timer: Timer | undefined;
  let timerDueMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let closed = false;
  const screen = createScreen(tty, { free: () => touch() });

  const due = (atMs: number) => {
    if (closed || atMs >= timerDueMs) return;
    clock.clearTimeout(timer);
    timerDueMs = atMs;
    timer = clock.setTimeout(frame, Math.max(0, atMs - clock.monotonic()));
  };
  const touch = () => due(Math.max(clock.monotonic(), lastMs + frameMs));
  const look = () => ({
    ...tty.size(),
    colour: options.colour,
    unicode: options.unicode,
    nowMs: clock.now(),
  });
  function frame(): void {
    timerDueMs = Number.POSITIVE_INFINITY;
    lastMs = clock.monotonic();
    if (screen.isOpen) screen.draw(render(model, look()));
    due(lastMs + pauseMs(model, clock.now()));
  }
  const fulfil = (wish: Wish | null) => {
    if (wish?.type === 'act') void act(wish);
    else if (wish?.type === 'quit') on.quit();
    else if (wish?.type === 'repaint') screen.forget();
    else if (wish?.type === 'suspend') {
      self.suspend();
      on.suspend();
    }
    touch();
  };
  const act = async ({ pipeline, actor, action, key }: Wish & { type: 'act' }) => {
    const by: Asker = { user: options.user, command: `key ${key}` };
    const name = `${pipeline}/${actor}`;
    const control = controls.get(pipeline)?.control;
    if (!control) return tell(`${name}: its pipeline cannot be reached now`, 'trouble');
    tell(`${name}: ${action} …`, 'plain');
    try {
      const { from, to } = await control.act(actor, action, by);
      tell(from === to ? `${name}: ${action} done, it is ${to}` : `${name}: ${from} → ${to}`, 'well');
    } catch (thrown) {
      tell(toProblem(thrown).message, 'failed');
    }
  };
  const tell = (text: string, tone: 'plain' | 'well' | 'trouble' | 'failed') => {
    models.say(model, text, tone, clock.now());
    touch();
  };
  const over = (pipeline: string, cause: Problem | null) => {
    controls.delete(pipeline);
    models.takeOver(model, pipeline, cause, clock.now());
    touch();
  };

  const readKeys = createKeyReader();
  const ends = [
    tty.onInput((text) => {
      for (const key of readKeys(text)) {
        const page = Math.max(1, heights(model, look()).log - 1);
        fulfil(press(model, key, { nowMs: clock.now(), page }));
      }
    }),
    tty.onResize(() => {
      screen.forget();
      touch();
    }),
  ];
  const self: View = {
    expect(pipeline, actors) {
      const group = models.groupOf(model, pipeline);
      const nowMs = clock.now();
      group.actors = actors.map(({ name, kind }): ActorStatus => models.unstarted(name, kind, nowMs));
      models.keepSelection(model);
      touch();
    },
    attach(control, { entries = true } = {}) {
      const { pipeline } = control;
      controls.get(pipeline)?.end();
      const mine = () => controls.get(pipeline)?.control === control;
      const end = control.watch(
        {
          status: (status) => {
            models.takeStatus(model, status);
            touch();
          },
          entry: (entry) => {
            if (entries) self.entry(entry);
          },
          over: (cause) => {
            if (mine()) over(pipeline, cause);
          },
        },
        { everyMs: statusMs, entriesMax: entries ? pastEntries : 0 },
      );
      controls.set(pipeline, { control, end });
      models.groupOf(model, pipeline).over = null;
      touch();
    },
    over,
    isAttached: (pipeline) => controls.has(pipeline),
    entry(entry, from) {
      models.takeEntry(model, entry, from);
      touch();
    },
    line(who, text, level = 'warn') {
      models.takeLine(model, { timeMs: clock.now(), level, who, text });
      touch();
    },
    console(address) {
      model.console = address;
      touch();
    },
    ending() {
      model.ending = true;
      touch();
    },
    suspend: () => screen.close(),
    resume() {
      if (closed) return;
      screen.open();
      touch();
    },
    close() {
      if (!closed) {
        closed = true;
        clock.clearTimeout(timer);
        for (const end of ends) end();
        for (const { end } of controls.values()) end();
        controls.clear();
        screen.close();
      }
      const pipelines = model.groups.map((group) => ({ name: group.name, how: howItEnded(group) }));
      return {
        pipelines,
        complaints: [...model.complaints.values()],
        complaintsTotal: model.complaintsTotal,
      };
    },
  };
  screen.open();
  touch();
  return self;
}

function howItEnded({ process, over, status }: models.Group): string {
  const cause = process ? process.cause : over?.cause;
  const orderly = process ? process.state === 'stopped' : over?.cause === null;
  if (orderly) return 'ended in order';
  if (cause && (over || process?.health === 'failed')) return `failed, ${cause.code}: ${cause.message}`;
  return status?.ending ? 'was ended before it had drained' : 'was ended at once';
}

/** How long the picture stays right: a countdown's last seconds have tenths, clocks have seconds. */
function pauseMs(model: models.Model, nowMs: number): number {
  const near = (atMs: number | null | undefined) =>
    atMs != null && atMs > nowMs - 1_000 && atMs < nowMs + 10_000;
  const waits = model.groups.some(
    ({ actors, process }) => near(process?.retryAtMs) || actors.some(({ retryAtMs }) => near(retryAtMs)),
  );
  return waits ? countdownMs : clockMs;
}
