/** Mishaps on both sides of a link in a random order, for tests that judge what came of them; the same for the same seed. */
import {
  type Cloud,
  type CloudDisk,
  cloudPlan,
  createWorld,
  cursor,
  type Edge,
  edgePlan,
  type World,
} from './two-sides.ts';
import { backupOf, isDrained, range } from './two-sides-facts.ts';

/** More or others: FOGRUN_SCHEDULES=1000 FOGRUN_SCHEDULE_SEED=17 npx ava dist/test/link/schedules.test.js */
const schedules = Number(process.env.FOGRUN_SCHEDULES ?? 60);
const firstSeed = Number(process.env.FOGRUN_SCHEDULE_SEED ?? 1);
const steps = 30;

/** Small enough to be felt. */
const cloudOptions = { bytesMax: 30_000, receiver: { window: { segments: 3 } } };
const edgeOptions = {
  bytesMax: 10_000,
  uploader: { window: { segments: 2 }, compression: 'zstd' },
  rotator: { every: '200ms' },
};

export interface Play {
  readonly world: World;
  edge: Edge;
  cloud: Cloud;
  readonly accepted: number[];
  /** Handed over; those not accepted may or may not have got through. */
  readonly offered: Set<number>;
  next: number;
  /** Values in segments that were discarded; they may be in the cloud nevertheless. */
  readonly discarded: Set<number>;
  readonly told: string[];
  /** Every disk that a cloud ever had, the present one last. */
  readonly disks: CloudDisk[];
  /** An older copy of the present one. */
  backup: CloudDisk | null;
}

/** @param share of the schedules, for what is tried in more than one way */
export async function run(
  name: string,
  acts: Acts,
  judge: (played: Play) => Promise<void>,
  share = 1,
): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + Math.ceil(schedules * share); seed++) {
    const played = await play(`${name} ${seed}`, acts);
    await settle(played)
      .then(() => judge(played))
      .then(() => end(played))
      .catch((thrown: Error) => {
        const lines = [...played.edge.lines, ...played.cloud.lines];
        const failed = lines.filter(({ report }) => /"to":"[a-z.]*failed"/.test(JSON.stringify(report)));
        const how = `FOGRUN_SCHEDULES=1 FOGRUN_SCHEDULE_SEED=${seed}`;
        throw new Error([thrown.message, how, JSON.stringify(failed), ...played.told].join('\n'));
      });
  }
}

export function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

export const inOrder = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
export const without = (values: readonly number[], others: readonly number[]) => {
  const known = new Set(others);
  return values.filter((value) => !known.has(value));
};

async function play(seed: string, acts: Acts): Promise<Play> {
  const world = createWorld(seed);
  const play: Play = {
    world,
    cloud: await world.cloud(cloudOptions),
    edge: await world.edge(edgeOptions),
    accepted: [],
    offered: new Set(),
    next: 1,
    discarded: new Set(),
    told: [],
    disks: [],
    backup: null,
  };
  play.disks.push(play.cloud.disk);
  const { next } = world.random;
  for (let step = 0; step < steps; step++) {
    const act = pick(acts, next());
    play.told.push(`${world.clock.monotonic()} ${act.name}`);
    await act(play);
    await world.clock.advance(next() < 0.5 ? next() * 20 : next() * 6_000);
  }
  return play;
}

export type Act = (play: Play) => Promise<void> | void;

/** What may happen, each with its weight. */
export type Acts = readonly (readonly [number, Act])[];

export const mishaps: Acts = [
  [10, append],
  [
    2,
    function cut({ world }) {
      world.network.cut();
    },
  ],
  [
    1,
    function blackHole({ world }) {
      world.network.blackHole();
    },
  ],
  [
    1,
    function refuse({ world }) {
      world.network.refuse();
    },
  ],
  [
    3,
    function heal({ world }) {
      world.network.heal();
    },
  ],
  [
    2,
    function slowDisk({ world }) {
      world.commitMs = () => world.random.next() * 3_000;
    },
  ],
  [
    2,
    function fastDisk({ world }) {
      world.commitMs = () => 1;
    },
  ],
  [
    1,
    function slowNetwork({ world }) {
      world.network.latencyMs = () => world.random.next() * 800;
    },
  ],
  [2, crashEdge],
  [2, crashCloud],
  [1, restartEdge],
  [1, restartCloud],
  [1, pauseAndResume],
  [
    1,
    function fullCloud({ cloud }) {
      cloud.disk.files.refusal = new Error('no space');
    },
  ],
  [
    2,
    function roomyCloud({ cloud }) {
      cloud.disk.files.refusal = null;
    },
  ],
];

function pick(acts: Acts, chance: number): Act {
  const all = acts.reduce((sum, [weight]) => sum + weight, 0);
  let at = chance * all;
  for (const [weight, act] of acts) {
    at -= weight;
    if (at < 0) return act;
  }
  return append;
}

function append(play: Play): void {
  const { edge, accepted, offered } = play;
  for (let batch = 0; batch < 5; batch++) {
    const values = range(play.next, play.next + Math.floor(play.world.random.next() * 4));
    play.next += values.length;
    for (const value of values) offered.add(value);
    const taken = edge.append(...values).then(() => void accepted.push(...values));
    // Some segments are small, so that there are many.
    if (batch > 0) taken.then(() => edge.store.seal('readings')).catch(() => {});
  }
}

function fate({ world }: Play) {
  return { written: world.random.next() < 0.5, silent: world.random.next() < 0.3 };
}

async function crashEdge(play: Play): Promise<void> {
  play.edge.crash(fate(play));
  await play.world.clock.advance(play.world.random.next() * 5_000);
  play.edge = await play.world.edge({ ...edgeOptions, disk: play.edge.disk });
}

async function crashCloud(play: Play): Promise<void> {
  play.cloud.crash(fate(play));
  await play.world.clock.advance(play.world.random.next() * 5_000);
  play.cloud = await play.world.cloud({ ...cloudOptions, disk: play.cloud.disk });
}

async function restartEdge(play: Play): Promise<void> {
  await play.edge.stop();
  play.edge = await play.world.edge({ ...edgeOptions, disk: play.edge.disk });
}

async function restartCloud(play: Play): Promise<void> {
  await play.cloud.stop();
  play.cloud = await play.world.cloud({ ...cloudOptions, disk: play.cloud.disk });
}

async function pauseAndResume({ world, edge }: Play): Promise<void> {
  await edge.send(cursor, 'PAUSE');
  await world.clock.advance(world.random.next() * 4_000);
  await edge.send(cursor, 'RESUME');
}

async function wipeCloud(play: Play): Promise<void> {
  play.cloud.crash(fate(play));
  play.cloud = await play.world.cloud(cloudOptions);
  play.disks.push(play.cloud.disk);
  play.backup = null;
}

function backUp(play: Play): void {
  play.backup = backupOf(play.cloud.disk);
}

async function restoreCloud(play: Play): Promise<void> {
  if (!play.backup) return;
  play.cloud.crash(fate(play));
  play.cloud = await play.world.cloud({ ...cloudOptions, disk: backupOf(play.backup) });
  play.disks.push(play.cloud.disk);
}

export const losses: Acts = [
  [1, wipeCloud],
  [2, backUp],
  [1, restoreCloud],
];

/** Until it ends, some of what is written to the link arrives with one byte that is another. */
function damage({ world }: Play): void {
  const { next } = world.random;
  world.network.damage = (bytes) => {
    if (next() < 0.8) return;
    const at = Math.floor(next() * bytes.length);
    bytes[at] = bytes[at]! ^ (1 + Math.floor(next() * 255));
  };
}

function noDamage({ world }: Play): void {
  world.network.damage = null;
}

export const damages: Acts = [
  [8, damage],
  [4, noDamage],
];

/** Their outcomes are theirs: one is refused while another runs, and what crashes answers nothing. */
function reloadEdge({ world, edge }: Play): void {
  const { next } = world.random;
  const pick = <T>(...from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const uploader = { window: { segments: pick(2, 3) }, compression: pick('zstd', 'none') };
  const rotator = { every: pick('200ms', '300ms') };
  void edge.reload(edgePlan({ ...edgeOptions, uploader, rotator, acks: pick('acks', 'ackers') }));
}

function reloadCloud({ world, cloud }: Play): void {
  const { next } = world.random;
  const receiver = { window: { segments: next() < 0.5 ? 3 : 2 } };
  void cloud.reload(cloudPlan({ ...cloudOptions, receiver, forecaster: next() < 0.7 }));
}

export const reloads: Acts = [
  [4, reloadEdge],
  [3, reloadCloud],
];

/** Everything works again, for long enough. */
async function settle({ world, edge, cloud }: Play): Promise<void> {
  world.network.heal();
  world.network.damage = null;
  world.network.latencyMs = () => 1;
  world.commitMs = () => 1;
  cloud.disk.files.refusal = null;
  await world.clock.advance(30_000);
  same('reloaded', await world.clock.until(edge.reload(edgePlan(edgeOptions))), null);
  same('reloaded', await world.clock.until(cloud.reload(cloudPlan(cloudOptions))), null);
  await edge.send(cursor, 'RETRY');
  await world.clock.advance(300_000);
  const states = (side: Edge | Cloud) =>
    side.pipeline.plan.actors.map(({ name }) => `${name} ${side.state(name)}`);
  same('edge', states(edge), ['source running', 'rotator empty', 'uploader idle', 'acks waiting']);
  same('cloud', states(cloud), ['receiver serving.listening', 'forecaster ready']);
  same('drained', isDrained(edge), true);
  same('deleted before they were stored', world.deletedUnstored, []);
  same('without a forecast', [...cloud.store.unfinished('forecaster')].length, 0);
}

async function end({ world, edge, cloud }: Play): Promise<void> {
  await edge.stop();
  await cloud.stop();
  await world.clock.advance(10_000);
  same('timers left', [edge.clock.pending, cloud.clock.pending], [0, 0]);
}
