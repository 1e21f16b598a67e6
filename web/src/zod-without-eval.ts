import { z } from 'zod';

// The content security policy forbids eval; without this every schema would try it once and leave a report in the console.
// Imported before anything else, because schemas look at it when they are made.
z.config({ jitless: true });
