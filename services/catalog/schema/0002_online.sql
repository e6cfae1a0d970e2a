-- Items are also filed under how far they go online: "o4".
UPDATE item_names SET facets = facets || ' o' ||
    (SELECT i.online_depth FROM items i WHERE i.search_row = item_names.rowid);
UPDATE item_words SET facets = facets || ' o' ||
    (SELECT i.online_depth FROM items i WHERE i.search_row = item_words.rowid);
UPDATE items SET facets = facets || ' o' || online_depth WHERE search_row IS NOT NULL;
INSERT INTO facet_counts (facet, items)
    SELECT 'o' || online_depth, count(*) FROM items WHERE search_row IS NOT NULL GROUP BY online_depth;
