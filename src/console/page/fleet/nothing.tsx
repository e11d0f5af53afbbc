/** What stands where a fleet would be while there is none to show, or none that is new. */
import type { Model, PipelineModel } from '../model/model.ts';
import type { Polled } from '../model/polled.ts';
import { Empty } from '../shared/parts.tsx';
import type { KnownFleet } from './changes.ts';

interface NothingProps {
  readonly model: Model;
  readonly pipeline: PipelineModel | undefined;
  readonly hasAnswer: boolean;
  readonly error: Polled<KnownFleet>['error'];
}

interface OldNoteProps {
  /** Something is shown, from before. */
  readonly hasAnswer: boolean;
  readonly error: Polled<KnownFleet>['error'];
}

export function OldNote({ hasAnswer, error }: OldNoteProps) {
  if (!error || !hasAnswer) return null;
  return (
    <p class="stale-note" role="status">
      What stands here is old: {error.message}. {error.advice}
    </p>
  );
}

/** Also for the page of one edge. */
export function Nothing({ model, pipeline, hasAnswer, error }: NothingProps) {
  if (model.isReplay.value) {
    return (
      <Empty title="A recording holds no fleet">
        <p>What edges said of themselves is kept by the cloud: look at one that runs.</p>
      </Empty>
    );
  }
  if (!pipeline) {
    return (
      <Empty title="No cloud is known here">
        <p>
          A fleet is what a pipeline with a <code>receiver</code> knows of its edges. Start one, or open the
          console of the machine where it runs.
        </p>
      </Empty>
    );
  }
  if (error) {
    return (
      <Empty title="The fleet cannot be had">
        <p>
          {error.message}. {error.advice}
        </p>
      </Empty>
    );
  }
  if (!pipeline.known.value.attached) {
    return (
      <Empty title={`${pipeline.name} does not run`}>
        <p>Its edges are shown as soon as it is back. They keep what they measure, and bring it then.</p>
      </Empty>
    );
  }
  if (!hasAnswer) return <p class="quiet">Asking {pipeline.name} for its edges …</p>;
  return (
    <Empty title="No edge has come yet">
      <p>Each edge shows here from its first greeting on, and stays when it is gone.</p>
    </Empty>
  );
}
