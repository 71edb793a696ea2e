-- Whom readers take for one person (docs/adr/0068-readers-see-the-persons-of-the-model.md): by the linker's model, and by the exact links, beside it in
-- person_link_current, where the linker has no record of the patient. The names of both kinds of persons are pseudonyms of two domains: none is of both.
CREATE VIEW person_current DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    p.patient_id AS patient_id,
    if(s.person_id != '', s.person_id, l.person_id) AS person_id,
    if(s.person_id != '', s.method, concat('exact:', l.method)) AS method,
    s.weight AS weight,
    s.probability AS probability,
    s.model AS model,
    if(s.person_id != '', s.link_version, l.link_version) AS link_version,
    s.persons AS persons
FROM
(
    SELECT patient_id FROM person_link_current UNION DISTINCT SELECT patient_id FROM person_link_scored_current
) AS p
LEFT JOIN (SELECT patient_id, person_id, toString(method) AS method, link_version FROM person_link_current) AS l ON l.patient_id = p.patient_id
LEFT JOIN
(
    SELECT patient_id, person_id, toString(method) AS method, weight, probability, toString(model) AS model, link_version, persons FROM person_link_scored_current
) AS s ON s.patient_id = p.patient_id
SETTINGS join_use_nulls = 0;
