// In which colours pages are shown.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isTold } from '../support/page.mjs';
import { newPerson, signIn, signOut } from '../support/people.mjs';

const PAPER = { light: 'rgb(247, 244, 236)', dark: 'rgb(22, 20, 16)' };
const paper = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

journeys('the appearance', ({ bothWays }) => {
  bothWays('is as the system has it, or as somebody chose, from the first moment on', async ({ server, visit, page, open }) => {
    await signIn(visit, await newPerson(server));
    const choose = async (name) => {
      const choice = page.getByRole('radio', { name: new RegExp(`^${name}`) });
      await choice.check();
      await page.getByRole('button', { name: 'Save appearance' }).click();
      await isTold(page, 'The changes were saved.');
      await visit.alive();
      assert.ok(await choice.isChecked());
    };
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await visit.open('/profile/security');
      assert.equal(await paper(page), PAPER[colorScheme]);
      for (const [name, chosen] of [['Light', 'light'], ['Dark', 'dark']]) {
        await choose(name);
        assert.equal(await paper(page), PAPER[chosen], `${chosen} when the system is ${colorScheme}`);
        // The server writes it, so nothing flashes.
        const answer = await visit.context.request.get('/profile/key');
        const html = await answer.text();
        assert.match(html, new RegExp(`<html[^>]* data-theme="${chosen}"`));
        assert.match(html, new RegExp(`name="color-scheme" content="${chosen}"`));
      }
      await choose('As the system');
      assert.equal(await paper(page), PAPER[colorScheme]);
    }
    await choose('Dark');
    await signOut(page);
    assert.equal(await paper(page), PAPER.dark, 'it is the browser’s');
    const other = await open();
    await other.open('/sign-in');
    assert.equal(await paper(other.page), PAPER.light);
  });
});
