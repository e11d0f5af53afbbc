/** Everything that a hub's pipelines do, in the words of Stately's inspector: live actors first. */
import type { PipelineControl } from '../contract/control.ts';
import { type DefinitionOf, StatelyTranslator } from '../inspect/stately.ts';
import type { Hub } from './hub.ts';

/**
 * Begins with one actor frame for each live actor of each pipeline that is attached, and goes on with whatever happens, in
 * pipelines that come later as well.
 * @param send takes one JSON text at a time; must not throw
 * @returns ends it
 */
export function feedStately(hub: Hub, definitionOf: DefinitionOf, send: (text: string) => void): () => void {
  const ends = new Map<string, { readonly control: PipelineControl; readonly end: () => void }>();
  const join = (pipeline: string) => {
    const control = hub.control(pipeline);
    if (!control || ends.get(pipeline)?.control === control) return;
    ends.get(pipeline)?.end();
    const translator = new StatelyTranslator(pipeline, definitionOf);
    const end = control.inspect({
      frames: (frames) => {
        for (const frame of frames)
          for (const each of translator.translate(frame)) send(JSON.stringify(each));
      },
      over: () => {
        if (ends.get(pipeline)?.control === control) ends.delete(pipeline);
      },
    });
    ends.set(pipeline, { control, end });
  };
  const leave = hub.subscribe((event) => {
    if (event.type === 'pipeline' && event.attached) join(event.pipeline);
  });
  for (const { pipeline, attached } of hub.pipelines()) if (attached) join(pipeline);
  return () => {
    leave();
    for (const { end } of ends.values()) end();
    ends.clear();
  };
}
