/** The page of the console: puts its parts together. */
import { render } from 'preact';

render(<main>fogrun</main>, document.getElementById('app')!);
