import test from 'ava';
import { type Cloud, createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import { isDrained, range, storedReadings } from '../helpers/two-sides-facts.ts';

/** More or others: FOGRUN_SCHEDULES=1000 FOGRUN_SCHEDULE_SEED=17 npx ava dist/test/link/schedules.test.js */
const schedules = Number(process.env.FOGRUN_SCHEDULES ?? 120);
const firstSeed = Number(process.env.FOGRUN_SCHEDULE_SEED ?? 1);
const steps = 30;

/** Small enough to be felt. */
const cloudOptions = { receiver: { window: { segments: 3 } } };
const edgeOptions = { uploader: { window: { segments: 2 } }, rotator: { every: '200ms' } };

interface Play {
  readonly world: World;
  edge: Edge;
  cloud: Cloud;
  readonly accepted: number[];
  /** Handed over; those not accepted may or may not have got through. */
  readonly offered: Set<number>;
  next: number;
  readonly told: string[];
}

test('whatever breaks when: what was accepted is in the cloud once and in order, and everything ends well', async (t) => {
  t.timeout(180_000);
  for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
    const played = await play(`schedule ${seed}`);
    const failed = [...played.edge.lines, ...played.cloud.lines].filter(
      ({ report }) => report.type === 'transition' && report.to.includes('failed'),
    );
    const told = `${JSON.stringify(failed)}\nFOGRUN_SCHEDULES=1 FOGRUN_SCHEDULE_SEED=${seed}\n${played.told.join('\n')}`;
    await judge(played).catch((thrown: Error) => {
      throw new Error(`${thrown.message}\n${told}`);
    });
  }
  t.pass();
});

async function play(seed: string): Promise<Play> {
  const world = createWorld(seed);
  const play: Play = {
    world,
    cloud: await world.cloud(cloudOptions),
    edge: await world.edge(edgeOptions),
    accepted: [],
    offered: new Set(),
    next: 1,
    told: [],
  };
  const { next } = world.random;
  for (let step = 0; step < steps; step++) {
    const act = pick(next());
    play.told.push(`${world.clock.monotonic()} ${act.name}`);
    await act(play);
    await world.clock.advance(next() < 0.5 ? next() * 20 : next() * 6_000);
  }
  return play;
}

type Act = (play: Play) => Promise<void> | void;

const acts: readonly (readonly [number, Act])[] = [
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
];

function pick(chance: number): Act {
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

async function judge({ world, edge, cloud, accepted, offered }: Play): Promise<void> {
  world.network.heal();
  world.network.latencyMs = () => 1;
  world.commitMs = () => 1;
  await edge.send(cursor, 'RETRY');
  await world.clock.advance(60_000);
  const same = (what: string, found: unknown, wanted: unknown) => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
  };
  const states = (side: Edge | Cloud) =>
    [...side.pipeline.actors.values()].map((actor) => `${actor.name} ${actor.state()}`);
  same('edge', states(edge), ['acks waiting', 'uploader idle', 'rotator empty', 'source running']);
  same('cloud', states(cloud), ['receiver serving.listening', 'forecaster ready']);
  same('drained', isDrained(edge), true);
  same('deleted before they were stored', world.deletedUnstored, []);

  const readings = await storedReadings(cloud.disk);
  same('epochs', new Set(readings.map(({ epoch }) => epoch)).size <= 1, true);
  same(
    'seqs',
    readings.map(({ seq }) => seq),
    range(1, readings.length),
  );
  const values = readings.map(({ value }) => value);
  same(
    'order',
    values,
    [...new Set(values)].sort((a, b) => a - b),
  );
  const there = new Set(values);
  same(
    'lost',
    accepted.filter((value) => !there.has(value)),
    [],
  );
  same(
    'made up',
    values.filter((value) => !offered.has(value)),
    [],
  );

  await edge.stop();
  await cloud.stop();
  await world.clock.advance(10_000);
  same('timers left', [edge.clock.pending, cloud.clock.pending], [0, 0]);
}
