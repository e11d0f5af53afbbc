/** One glance: is everything well, where is the data, what is it waiting for. Pure. */
import type { ActorStatus, PipelineStatus, Waiting } from '../../../contract/status.ts';
import type { Stale } from '../model/model.ts';
import { count, counted, inTime, size, span } from '../shared/figures.ts';
import type { Tone } from '../shared/tones.ts';

export interface Attention {
  readonly tone: Tone;
  readonly pipeline: string;
  /** `null`: the pipeline itself. */
  readonly actor: string | null;
  readonly text: string;
}

export interface Sentence {
  readonly tone: Tone;
  /** `All is well`, `1 thing needs attention`. */
  readonly title: string;
  /** Worst first. */
  readonly attentions: readonly Attention[];
  /** Where the data is; empty when nothing is known. */
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
    return { tone: 'stale', title: 'Nothing runs here yet', attentions: [], data: '' };
  }
  const attentions = pipelines
    .flatMap(attentionsOf)
    .sort((a, b) => severity.indexOf(a.tone) - severity.indexOf(b.tone));
  const data = pipelines.flatMap(dataOf).join(' ');
  const urgent = attentions.filter(({ tone }) => tone !== 'paused' && tone !== 'ended' && tone !== 'held');
  const [worst] = attentions;
  if (!worst) return { tone: 'well', title: 'All is well', attentions, data };
  if (urgent.length === 0) {
    const title = attentions.every(({ tone }) => tone === 'ended')
      ? 'Everything has ended'
      : 'Well, with something at rest';
    return { tone: worst.tone, title, attentions, data };
  }
  const many = urgent.length === 1 ? '1 thing needs' : `${count(urgent.length)} things need`;
  return { tone: worst.tone, title: `${many} attention`, attentions, data };
}

function attentionsOf({ name, status, stale, nowMs }: SentencePipeline): Attention[] {
  if (stale?.why === 'console') return [];
  const own = { pipeline: name, actor: null };
  if (stale?.why === 'ended') return [{ ...own, tone: 'ended', text: `${name} has ended` }];
  if (stale) {
    const why = stale.cause ? `: ${stale.cause.message}` : '';
    const what = stale.why === 'silent' ? 'says nothing' : status ? 'cannot be reached' : 'is not running';
    return [{ ...own, tone: 'stale', text: `${name} ${what}${why}` }];
  }
  if (!status) return [];
  const found = status.actors.flatMap((actor) => attentionOf(name, actor, nowMs));
  const { store } = status;
  if (store && store.state !== 'open') {
    const cause = store.cause ? `: ${store.cause.message}` : '';
    const tone = store.state === 'failed' ? 'failed' : 'trouble';
    found.push({ ...own, tone, text: `the store of ${name} is ${store.state}${cause}` });
  }
  const letters = store?.letters?.letters ?? 0;
  if (letters > 0) {
    const text = `${counted(letters, 'dead letter')} on the disk of ${name}: readings that will not reach the cloud as they are`;
    found.push({ ...own, tone: 'held', text });
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
    return [{ ...own, tone: health, text: `${who} is ${state}${why}${again}` }];
  }
  if (actor.attempt > 0 && cause) {
    return [
      { ...own, tone: 'trouble', text: `${who} is ${state}, attempt ${actor.attempt}: ${cause.message}` },
    ];
  }
  if (alarm) return [{ ...own, tone: 'trouble', text: `${who}: ${alarm}` }];
  if (health === 'paused') return [{ ...own, tone: 'paused', text: `${who} is paused` }];
  return actor.heldBack ? [{ ...own, tone: 'held', text: `${who} waits for whoever takes from it` }] : [];
}

/** Where readings are that are not where they shall be. */
function dataOf({ name, status, nowMs }: SentencePipeline): string[] {
  if (!status || status.edge === null) return [];
  const of = (kind: string) => status.actors.find((actor) => actor.kind === kind)?.waiting ?? null;
  const amount = (waiting: Waiting) => {
    if (waiting.readings === null) return size(waiting.bytes);
    return `${counted(waiting.readings, 'reading')} (${size(waiting.bytes)})`;
  };
  const verb = ({ readings }: Waiting, one: string, many: string) => (readings === 1 ? one : many);
  const [open, sealed] = [of('file-rotator'), of('uploader')];
  const said: string[] = [];
  if (sealed && sealed.bytes > 0) {
    const oldest = sealed.oldestMs === null ? '' : `, the oldest for ${span(nowMs - sealed.oldestMs)}`;
    said.push(
      `${amount(sealed)} ${verb(sealed, 'waits', 'wait')} on the disk of ${name} for the cloud${oldest}.`,
    );
  } else if (sealed) said.push(`Nothing on the disk of ${name} waits for the cloud.`);
  if (open && open.bytes > 0) {
    said.push(`${amount(open)} ${verb(open, 'is', 'are')} in its open segment.`);
  }
  return said;
}
