/** One glance: is everything well, where is the data, what is it waiting for; short, however many pipelines there are. Pure. */
import type { ActorStatus, PipelineStatus } from '../../../contract/status.ts';
import type { Stale } from '../model/model.ts';
import { count, counted, inTime } from '../shared/figures.ts';
import type { Tone } from '../shared/tones.ts';
import { whereaboutsOf } from './whereabouts.ts';

/** More than that are counted. */
const namedMax = 6;

/** What is said of one that is counted, and of several. */
const counts = {
  failed: ['has failed', 'have failed'],
  trouble: ['is in trouble', 'are in trouble'],
  connecting: ['waits to connect', 'wait to connect'],
  waiting: ['waits to try again', 'wait to try again'],
  trying: ['is trying again', 'are trying again'],
  alarm: ['has an alarm', 'have an alarm'],
  store: ['has no open store', 'have no open store'],
  silent: ['says nothing', 'say nothing'],
  away: ['cannot be reached', 'cannot be reached'],
  absent: ['is not running', 'are not running'],
  letters: ['has dead letters', 'have dead letters'],
  held: ['waits for whoever takes from it', 'wait for whoever takes from them'],
  paused: ['is paused', 'are paused'],
  ended: ['has ended', 'have ended'],
} as const;

export interface Attention {
  readonly tone: Tone;
  readonly pipeline: string;
  /** `null`: the pipeline itself. */
  readonly actor: string | null;
  readonly text: string;
  /** What it is counted as, where there are too many to name. */
  readonly as: keyof typeof counts;
}

export interface Sentence {
  readonly tone: Tone;
  /** `All is well`, `1 thing needs attention`. */
  readonly title: string;
  /** Worst first, and not all of them where they are many. */
  readonly attentions: readonly Attention[];
  /** `and 12 others wait to connect, 3 are paused`; empty when all are named. */
  readonly others: string;
  /** Where the data is, or was when it was last heard of; empty when nothing is known. */
  readonly data: string;
}

export interface SentencePipeline {
  readonly name: string;
  readonly status: PipelineStatus | null;
  readonly stale: Stale | null;
  readonly nowMs: number;
}

const severity: readonly Tone[] = ['failed', 'trouble', 'stale', 'held', 'paused', 'ended'];

export function sentenceOf(pipelines: readonly SentencePipeline[]): Sentence {
  if (pipelines.length === 0) {
    return { tone: 'stale', title: 'Nothing runs here yet', attentions: [], others: '', data: '' };
  }
  // Those that are equally bad keep their order, so that no name comes and goes for nothing.
  const all = pipelines
    .flatMap(attentionsOf)
    .sort((a, b) => severity.indexOf(a.tone) - severity.indexOf(b.tone));
  const rest = {
    attentions: all.slice(0, namedMax),
    others: othersText(all.slice(namedMax)),
    data: whereaboutsOf(pipelines),
  };
  const urgent = all.filter(({ tone }) => tone !== 'paused' && tone !== 'ended' && tone !== 'held');
  const [worst] = all;
  if (!worst) return { tone: 'well', title: 'All is well', ...rest };
  if (urgent.length === 0) {
    // What is well says nothing, and runs all the same.
    const title = pipelines.every(({ stale }) => stale?.why === 'ended')
      ? 'Everything has ended'
      : 'Well, with something at rest';
    return { tone: worst.tone, title, ...rest };
  }
  const many = urgent.length === 1 ? '1 thing needs' : `${count(urgent.length)} things need`;
  return { tone: worst.tone, title: `${many} attention`, ...rest };
}

function othersText(others: readonly Attention[]): string {
  const numbers = new Map<Attention['as'], number>();
  for (const { as } of others) numbers.set(as, (numbers.get(as) ?? 0) + 1);
  const parts = [...numbers].map(([as, number], i) => {
    const [one, many] = counts[as];
    return `${i === 0 ? counted(number, 'other') : count(number)} ${number === 1 ? one : many}`;
  });
  return parts.length === 0 ? '' : `and ${parts.join(', ')}`;
}

function attentionsOf({ name, status, stale, nowMs }: SentencePipeline): Attention[] {
  if (stale?.why === 'console') return [];
  const own = { pipeline: name, actor: null };
  if (stale?.why === 'ended') return [{ ...own, as: 'ended', tone: 'ended', text: `${name} has ended` }];
  if (stale) {
    const why = stale.cause ? `: ${stale.cause.message}` : '';
    const as = stale.why === 'silent' ? 'silent' : status ? 'away' : 'absent';
    return [{ ...own, as, tone: 'stale', text: `${name} ${counts[as][0]}${why}` }];
  }
  if (!status) return [];
  const found = status.actors.flatMap((actor) => attentionOf(name, actor, nowMs));
  const { store } = status;
  if (store && store.state !== 'open') {
    const cause = store.cause ? `: ${store.cause.message}` : '';
    const tone = store.state === 'failed' ? 'failed' : 'trouble';
    found.push({ ...own, as: 'store', tone, text: `the store of ${name} is ${store.state}${cause}` });
  }
  const letters = store?.letters?.letters ?? 0;
  if (letters > 0) {
    const text = `${counted(letters, 'dead letter')} on the disk of ${name}: readings that will not reach the cloud as they are`;
    found.push({ ...own, as: 'letters', tone: 'held', text });
  }
  return found;
}

function attentionOf(pipeline: string, actor: ActorStatus, nowMs: number): Attention[] {
  const { name, health, state, cause, alarm, retryAtMs } = actor;
  const who = `${pipeline}/${name}`;
  const own = { pipeline, actor: name };
  if (health === 'trouble' || health === 'failed') {
    const why = cause ? `: ${cause.message}` : '';
    const again = retryAtMs === null ? '' : `, tries again ${inTime(retryAtMs - nowMs)}`;
    return [{ ...own, as: countedAs(actor), tone: health, text: `${who} is ${state}${why}${again}` }];
  }
  if (actor.attempt > 0 && cause) {
    return [
      {
        ...{ ...own, as: countedAs(actor), tone: 'trouble' },
        text: `${who} is ${state}, attempt ${actor.attempt}: ${cause.message}`,
      },
    ];
  }
  if (alarm) return [{ ...own, as: 'alarm', tone: 'trouble', text: `${who}: ${alarm}` }];
  if (health === 'paused') return [{ ...own, as: 'paused', tone: 'paused', text: `${who} is paused` }];
  if (!actor.heldBack) return [];
  return [{ ...own, as: 'held', tone: 'held', text: `${who} ${counts.held[0]}` }];
}

function countedAs({ kind, health, retryAtMs, attempt }: ActorStatus): keyof typeof counts {
  if (health === 'failed') return 'failed';
  // What an uploader tries again begins with a connection, whatever went wrong.
  if (retryAtMs !== null) return kind === 'uploader' ? 'connecting' : 'waiting';
  return attempt > 0 ? 'trying' : 'trouble';
}
