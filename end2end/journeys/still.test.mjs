// Nothing on a page jumps while it loads and comes alive (Cumulative Layout Shift 0).
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { administrator, makeKey, newPerson, withKey } from '../support/people.mjs';

/** Begins to note what moves without anybody having done anything. */
async function watchShifts({ context }) {
  await context.addInitScript(() => {
    window.shifts = [];
    const name = ({ node }) => node?.outerHTML?.slice(0, 120) ?? node?.nodeName;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        if (!shift.hadRecentInput) window.shifts.push(`${shift.value.toFixed(4)} ${shift.sources.map(name).join(' | ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** What has moved, once two more frames were drawn. */
function shifts(page) {
  return page.evaluate(async () => {
    for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
    return window.shifts;
  });
}

// One at a time: what somebody else changes moves things rightly.
journeys('pages stay still', ({ journey }) => {
  for (const size of ['desktop', 'phone']) {
    journey(`of administrators, ${size}`, { size }, async (context) => {
      const { server, visit, page } = context;
      const { name } = await administrator(context);
      const { tag } = await makeKey(server, await newPerson(server), { description: 'nightly build' });
      const id = await server.query(`select id from app_user where name = '${name}'`);
      await watchShifts(visit);
      for (const path of [
        '/security/api-keys',
        '/security/api-keys?show=active&q=nightly',
        `/security/api-keys/${tag}`,
        '/security/api-keys/add',
        '/users',
        `/users/${id}`,
        '/roles',
        '/roles/1',
        '/security/audit',
        '/tickets',
        '/settings',
        '/settings/approval',
        '/settings/notices',
        '/settings/sign-in',
      ]) {
        await visit.open(path);
        assert.deepEqual(await shifts(page), [], path);
      }
    });

    journey(`of one’s own key, ${size}`, { size }, async (context) => {
      const { visit, page } = context;
      await withKey(context, { description: 'nightly build' });
      await watchShifts(visit);
      for (const path of ['', '/edit', '/reissue', '/delete'].map((form) => `/profile/key${form}`).concat('/profile/security', '/profile/notices')) {
        await visit.open(path);
        assert.deepEqual(await shifts(page), [], path);
      }
    });
  }
}, { atOnce: 1 });
