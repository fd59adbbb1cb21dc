// SPDX-License-Identifier: Apache-2.0
//
// suite.mjs - tests one after another; the last line is `N passed, N failed`.
const tests = [];

export function test(name, body) {
  tests.push({ name, body });
}

export async function suite({ before, after } = {}) {
  let passed = 0, failed = 0;
  const only = process.env.ONLY;
  // Ended from outside, it still takes down what it started.
  process.once('SIGTERM', async () => {
    console.log(`FAIL ended by SIGTERM\n${passed} passed, ${failed + 1} failed`);
    await Promise.resolve(after?.()).catch(() => {});
    process.exit(1);
  });
  try {
    await before?.();
    for (const { name, body } of tests) {
      if (only && !name.includes(only)) continue;
      const began = Date.now();
      try {
        await body();
        passed++;
        console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed++;
        console.log(`FAIL ${name}\n     ${String(error.stack ?? error).split('\n').slice(0, 12).join('\n     ')}`);
      }
    }
  } catch (error) {
    failed++;
    console.log(`FAIL before the tests: ${error.stack ?? error}`);
  } finally {
    try {
      await after?.();
    } catch (error) {
      failed++;
      console.log(`FAIL after the tests: ${error.stack ?? error}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
