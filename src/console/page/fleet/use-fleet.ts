/** What a cloud knows of its edges, asked for again and again: all of it once, then what has changed. */
import type { FleetAnswer } from '../../wire.ts';
import { getJson } from '../model/api.ts';
import type { Model, PipelineModel } from '../model/model.ts';
import { type Polled, usePolled } from '../model/polled.ts';
import { place } from '../routes.ts';
import { type KnownFleet, withChanges } from './changes.ts';

const askMs = 3_000;

/** The cloud whose fleet is looked at: the one that the address names, or else the first there is. */
export function cloudOf(model: Model): PipelineModel | undefined {
  const clouds = cloudsOf(model);
  return clouds.find(({ name }) => name === place.value.query.get('pipeline')) ?? clouds[0];
}

/** A pipeline that is no edge may be a cloud; one that never said what it is may be too. */
export const cloudsOf = (model: Model): readonly PipelineModel[] =>
  model.pipelines.value.filter(({ status, known }) => {
    const isCloud = status.value ? status.value.edge === null : true;
    return isCloud && (known.value.attached || status.value !== null);
  });

export function useFleet(model: Model, pipeline: PipelineModel | undefined): Polled<KnownFleet> {
  const isLive = !model.isReplay.value && pipeline?.known.value.attached === true;
  const key = isLive && pipeline ? pipeline.name : null;
  const ask = async (signal: AbortSignal, known: KnownFleet | null) => {
    const since = known?.mark ?? null;
    const query = { pipeline: pipeline!.name, ...(since !== null && { since }) };
    return withChanges(known, await getJson<FleetAnswer>('api/fleet', query, signal));
  };
  return usePolled(key, ask, askMs);
}
