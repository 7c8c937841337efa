/** Keys that work anywhere but in a field. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useMay } from '../access/may';
import { PLACES } from './places';

const PATIENCE_MS = 1500;

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest('[role="dialog"]') !== null);

export function useKeys(help: () => void) {
  const navigate = useNavigate();
  const may = useMay();
  useEffect(() => {
    // Times count from the opening of the page.
    let pressed = Number.NEGATIVE_INFINITY;
    const heard = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const going = event.timeStamp - pressed < PATIENCE_MS;
      pressed = Number.NEGATIVE_INFINITY;
      if (going) {
        const place = PLACES.find(({ key }) => key === event.key);
        if (place) {
          event.preventDefault();
          void navigate({ to: place.to });
        }
      } else if (event.key === 'g') pressed = event.timeStamp;
      else if (event.key === '?') help();
      else if (event.key === 'n' && may('create_job')) void navigate({ to: '/jobs/new' });
      else if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('.sg-filter-search input');
        if (field) {
          event.preventDefault();
          field.focus();
        }
      }
    };
    document.addEventListener('keydown', heard);
    return () => document.removeEventListener('keydown', heard);
  }, [navigate, help, may]);
}
