import test from 'ava';
import { instructionsOf } from '../../bench/callgrind.ts';

const said = `==4711== Events    : Ir
==4711== Collected : 2118540142
==4711== 
==4711== I   refs:      2,118,540,142
`;

test('what callgrind counted is read from its last words', (t) => {
  t.is(instructionsOf({ stderr: `npm warn something\n${said}` }), 2_118_540_142);
});

test('a process of which callgrind says nothing has no count', (t) => {
  for (const stderr of ['', '==4711== Collected : 0\n', 'valgrind: not found\n'])
    t.throws(() => instructionsOf({ stderr }), { message: /^callgrind counted nothing/ });
});
