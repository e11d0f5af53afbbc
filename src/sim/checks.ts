/** Looks that are taken at even distances: what waits where, and whether anything waits for longer than it may. */
import type { SimProcess } from './process.ts';
import type { SimBacklog } from './run.ts';
import type { World } from './world.ts';

/** Beside the deadlines of the pipeline itself: time for a slow disk, and for what comes between. */
const waitMarginMs = 5 * 60_000;
/** Looks in the course of a run. */
const samplesMax = 300;
/** A segment waits for no longer than this where everything works, beside what the pipeline says itself. */
const freshMs = 2 * 60_000;

export class Checks {
  readonly backlog: SimBacklog[] = [];
  readonly #world: World;
  readonly #everyMs: number;
  /** Of each process, the longest deadline that its pipeline names, ms. */
  readonly #deadlines = new Map<SimProcess, number>();

  constructor(world: World, virtualMs: number) {
    this.#world = world;
    this.#everyMs = Math.max(1_000, Math.ceil(virtualMs / samplesMax));
  }

  start(): void {
    const { clock } = this.#world;
    const next = () => {
      this.#look();
      clock.setTimeout(next, this.#everyMs);
    };
    clock.setTimeout(next, this.#everyMs);
  }

  /** What is not as it should be where everything works. */
  wellAgain(): void {
    const { telling, processes } = this.#world;
    for (const process of processes) {
      if (process.isOff || process.isDone) continue;
      const pipeline = process.life?.pipeline;
      if (!pipeline) {
        telling.violate('well-again', process.name, 'does not run, though no fault keeps it from running');
        continue;
      }
      for (const [name, actor] of pipeline.actors) {
        const { health, state, cause } = actor.condition();
        if (health === 'well' || health === 'ended') continue;
        const why = cause ? `: ${cause.message}` : '';
        telling.violate('well-again', process.name, `${name} is ${state}, though no fault is left${why}`);
      }
      const { edge = null, cloud = null } = process.life?.store ?? {};
      const status = (edge ?? cloud)?.status();
      if (status && status.state !== 'open') {
        telling.violate('well-again', process.name, `its store is ${status.state}, though no fault is left`);
      }
      const quietMs = this.#world.clock.monotonic() - (process.ledger?.lastMs ?? 0);
      const paces = process.plan.actors.flatMap(({ config }) => durationsIn(config, paceName));
      if (edge && neverEnds(process) && quietMs > freshMs + Math.max(0, ...paces)) {
        const text = `accepted nothing for ${Math.round(quietMs / 1_000)} s, though its sources go on and no fault is left`;
        telling.violate('well-again', process.name, text);
      }
      const oldestMs = edge?.backlog(process.life!.cursor).oldestMs ?? null;
      const ageMs = oldestMs === null ? 0 : (process.life?.clock.now() ?? 0) - oldestMs;
      if (ageMs > freshMs + this.#deadline(process)) {
        telling.violate(
          'drained',
          process.name,
          `a segment waits for ${Math.round(ageMs / 1_000)} s, though no fault is left`,
        );
      }
    }
  }

  #look(): void {
    const { clock, telling, processes } = this.#world;
    const atMs = clock.monotonic();
    for (const process of processes) {
      const pipeline = process.life?.pipeline;
      if (!pipeline) continue;
      const { edge = null } = process.life?.store ?? {};
      if (edge && edge.status().state !== 'failed') {
        let { readings, bytes } = edge.backlog(process.life!.cursor);
        for (const stream of edge.streams()) {
          const open = edge.openSegment(stream);
          readings += open.count;
          bytes += open.bytes;
        }
        this.backlog.push({ atMs, process: process.name, readings, bytes });
      }
      for (const [name, actor] of pipeline.actors) {
        const { settled, state } = actor.condition();
        if (settled) continue;
        const sinceMs = telling.heardMs.get(`${process.name}/${name}`) ?? 0;
        if (atMs - sinceMs <= waitMarginMs + this.#deadline(process)) continue;
        telling.violate(
          'waits-end',
          process.name,
          `${name} is ${state} for ${Math.round((atMs - sinceMs) / 1_000)} s`,
        );
      }
    }
  }

  #deadline(process: SimProcess): number {
    const known = this.#deadlines.get(process);
    if (known !== undefined) return known;
    const longest = Math.max(0, ...process.plan.actors.flatMap(({ config }) => durationsIn(config)));
    this.#deadlines.set(process, longest);
    return longest;
  }
}

/** Whether something is measured or sent to it all the time. */
function neverEnds({ plan }: SimProcess): boolean {
  return plan.actors.some(
    ({ kind, config }) =>
      ['sensor-poller', 'simulated-sensor', 'tcp-source'].includes(kind.name) ||
      (kind.name === 'file-source' && (config as { mode?: string }).mode !== 'once'),
  );
}

/** Fields of a config that are times: a deadline, a pace, or the longest wait before an attempt. */
const timeName = /(?:^every$|^max$|timeout$|^max-age$)/;

/** Those of them that say how long nothing may come. */
const paceName = /^(?:every|commit-every)$/;

function durationsIn(config: unknown, names = timeName): number[] {
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([name, value]) => {
    if (name === 'retry') return [Number((value as { max?: number }).max ?? 0)];
    if (typeof value === 'number') return name !== 'max' && names.test(name) ? [value] : [];
    return durationsIn(value, names);
  });
}
