/** Runs that nobody simulated, for the tests of reports. */
import type { FogrunError } from '../../src/contract/errors.ts';
import type { SimBacklog, SimFault, SimRun, SimTransition } from '../../src/sim/run.ts';

const hour = 3_600_000;
const minute = 60_000;
const virtualMs = 24 * hour;
const edges = ['edge-1', 'edge-2', 'edge-3'];

const faults: readonly SimFault[] = [
  {
    kind: 'partition',
    atMs: 1.5 * hour,
    untilMs: 2.25 * hour,
    target: 'edge-1 ↔ cloud',
    text: 'What edge-1 and cloud send each other vanishes.',
  },
  { kind: 'crash', atMs: 4 * hour, untilMs: 4 * hour + 3_000, target: 'edge-2', text: 'edge-2 is killed.' },
  {
    kind: 'disk-full',
    atMs: 5 * hour,
    untilMs: 6.5 * hour,
    target: 'cloud',
    text: 'The disk of cloud has 11.3MiB left.',
  },
  {
    kind: 'slow-disk',
    atMs: 9 * hour,
    untilMs: 9 * hour + 12 * minute,
    target: 'edge-3',
    text: 'Each sync of edge-3 takes up to 3s.',
  },
  {
    kind: 'partition',
    atMs: 11 * hour,
    untilMs: 13 * hour,
    target: 'edge-1 ↔ cloud, edge-2 ↔ cloud, edge-3 ↔ cloud',
    text: 'All edges are cut off from cloud at once.',
  },
  {
    kind: 'clock-jump',
    atMs: 14 * hour,
    untilMs: 15 * hour,
    target: 'edge-1',
    text: 'Its clock jumps by -30d.',
  },
  {
    kind: 'power-cut',
    atMs: 16 * hour,
    untilMs: 16 * hour + 9 * minute,
    target: 'edge-3',
    text: 'Its power is gone.',
  },
];

const lost: Pick<FogrunError, 'code' | 'message' | 'advice'> = {
  code: 'link-silent',
  message: 'the other side sent nothing for 3s',
  advice: 'Nothing to do.',
};

interface Move {
  readonly process: string;
  readonly actor: string;
  readonly atMs: number;
  readonly to: string;
  readonly cause?: typeof lost;
}

/** Whether an edge is cut off at a moment. */
const cutOff = (edge: string, atMs: number) =>
  faults.some(
    ({ kind, target, atMs: from, untilMs }) =>
      kind === 'partition' && target.includes(edge) && atMs >= from && atMs < untilMs!,
  );

function movesOf(edge: string, skewMs: number): Move[] {
  const moves: Move[] = [
    { process: edge, actor: 'process', atMs: 0, to: 'running' },
    { process: edge, actor: 'barometer', atMs: 5, to: 'connecting' },
    { process: edge, actor: 'barometer', atMs: 40, to: 'polling' },
  ];
  for (let atMs = 15_000 + skewMs; atMs < virtualMs; atMs += 15_000) {
    if (cutOff(edge, atMs)) {
      if (atMs % minute < 15_000) {
        moves.push({ process: edge, actor: 'uploader', atMs, to: 'waitingToRetry', cause: lost });
        moves.push({ process: edge, actor: 'uploader', atMs: atMs + 5_000, to: 'connecting' });
      }
      continue;
    }
    moves.push({ process: edge, actor: 'rotator', atMs: atMs - 15_000 + 1_000, to: 'filling' });
    moves.push({ process: edge, actor: 'rotator', atMs, to: 'empty' });
    moves.push({ process: edge, actor: 'uploader', atMs, to: 'sending' });
    moves.push({ process: edge, actor: 'uploader', atMs: atMs + 100, to: 'awaitingAck' });
    moves.push({ process: edge, actor: 'uploader', atMs: atMs + 400, to: 'idle' });
  }
  for (const { kind, target, atMs, untilMs } of faults) {
    if (!['crash', 'power-cut'].includes(kind) || target !== edge) continue;
    moves.push({ process: edge, actor: 'process', atMs, to: 'off' });
    moves.push({ process: edge, actor: 'process', atMs: untilMs!, to: 'running' });
    moves.push({ process: edge, actor: 'barometer', atMs: untilMs! + 5, to: 'connecting' });
    moves.push({ process: edge, actor: 'barometer', atMs: untilMs! + 40, to: 'polling' });
  }
  return moves;
}

function cloudMoves(): Move[] {
  return [
    { process: 'cloud', actor: 'process', atMs: 0, to: 'running' },
    { process: 'cloud', actor: 'receiver', atMs: 3, to: 'serving.listening' },
    { process: 'cloud', actor: 'forecaster', atMs: 3, to: 'catchingUp' },
    { process: 'cloud', actor: 'forecaster', atMs: 9, to: 'ready' },
  ];
}

function transitionsOf(moves: readonly Move[]): SimTransition[] {
  const states = new Map<string, string>();
  return [...moves]
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ process, actor, atMs, to, cause }) => {
      const name = `${process}/${actor}`;
      const from = states.get(name) ?? 'off';
      states.set(name, to);
      return { atMs, process, actor, from, to, event: cause ? 'LOST' : 'NEXT', ...(cause ? { cause } : {}) };
    });
}

function backlogOf(edge: string): SimBacklog[] {
  const points: SimBacklog[] = [];
  let readings = 0;
  for (let atMs = 0; atMs <= virtualMs; atMs += 5 * minute) {
    readings = cutOff(edge, atMs) ? readings + 300 : Math.max(7, readings - 2_500);
    points.push({ atMs, process: edge, readings, bytes: readings * 160 });
  }
  return points;
}

/** A day in which everything went well in the end. */
export const goodRun: SimRun = {
  version: '0.1.0',
  seed: 42,
  files: ['pipelines/cloud.yaml', 'pipelines/edge.yaml'],
  edges: 3,
  virtualMs,
  faultsUntilMs: 17 * hour,
  faults,
  transitions: transitionsOf([...cloudMoves(), ...edges.flatMap((edge, i) => movesOf(edge, 1_700 * i))]),
  backlog: edges.flatMap(backlogOf),
  balances: edges.map((process, i) => ({
    process,
    accepted: 86_350 - i,
    stored: 86_340 - i,
    held: 7,
    gaps: i === 2 ? { missed: 2, corrupt: 1 } : { missed: 3 },
    missed: 12 * i,
  })),
  violations: [],
  command: 'fogrun sim pipelines/cloud.yaml pipelines/edge.yaml --edges 3 --hours 24 --seed 42 --faults all',
  trail: null,
};

const violation = {
  atMs: 12.4 * hour,
  invariant: 'stored-before-deleted',
  process: 'edge-1',
  text: 'edge-1 deleted segment 977 of readings, which is in no cloud.',
};

/** The same day with a bug in it. */
export const badRun: SimRun = {
  ...goodRun,
  seed: 7,
  violations: [
    violation,
    { ...violation, atMs: 20 * hour, invariant: 'balance', text: 'edge-1 misses 15 readings.' },
  ],
  balances: goodRun.balances.map((one, i) => (i === 0 ? { ...one, stored: one.stored - 15 } : one)),
  command: goodRun.command.replace('42', '7'),
  trail: {
    violation,
    faults: [faults[0]!],
    transitions: goodRun.transitions.filter(({ process }) => process === 'edge-1').slice(1_200, 1_212),
    command: 'fogrun sim pipelines/cloud.yaml pipelines/edge.yaml --edges 1 --seed 7 --hours 3 --only 1',
  },
};
