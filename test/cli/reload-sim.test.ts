import test from 'ava';
import { kinds } from '../../machines/index.ts';
import { standIns } from '../../src/cli/stand-ins.ts';
import { checkPipeline } from '../../src/pipeline/check.ts';
import { readText } from '../rules/tree.ts';

const planOf = (name: string) => {
  const source = { file: name, text: readText(`pipelines/${name}`) };
  return checkPipeline(source, { kinds, variables: { CLOUD_PORT: '7171' }, cwd: '/' }).plan!;
};

test('whoever is alone gets somebody on the other side of the link, on the same port', (t) => {
  const [cloud] = standIns([planOf('edge.yaml')]);
  t.is(cloud!.store!.role, 'cloud');
  t.like(cloud!.actors[0]!.config, { port: 7_171 });
  const [edge] = standIns([planOf('cloud.yaml')]);
  t.is(edge!.store!.role, 'edge');
  t.like(edge!.actors.find(({ name }) => name === 'uploader')!.config, { cloud: { port: 7_171 } });
  t.is(standIns([planOf('edge.yaml'), planOf('weather.yaml')]).length, 1, 'one for both');
});

test('where both sides are there, they have to find each other', (t) => {
  t.deepEqual(standIns([planOf('edge.yaml'), planOf('cloud.yaml')]), []);
});
