-- Room on each page for a new version of all its rows: neighbours in the register speak in the same batch, and a version that
-- finds no room on its page costs an entry in every index and a page more to write (docs/decisions/0027-room-on-the-page.md).
ALTER TABLE device_state SET (fillfactor = 40);
ALTER TABLE usage_day SET (fillfactor = 45);
