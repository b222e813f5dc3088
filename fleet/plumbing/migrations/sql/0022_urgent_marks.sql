-- What an event marked is judged before what a reading marked: under a region's load a jam would else wait in the line of everybody's values.
ALTER TABLE evaluation_due ADD COLUMN urgent boolean NOT NULL DEFAULT false;
