package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/spec"
)

// Unindexed are the paths that a new collection does not index: an indexed
// string holds 8,000 bytes at most, and texts are longer (design of the
// document layout, docs/documents.md).
func Unindexed() []string { return []string{document.FieldText, document.FieldLong} }

// neededIndexes are the fields that a sync filters by: the diff by stream and record
// id, finalising by stream, generation, attempt and embedder, the look before the
// first record by embedder, and the search for a vector by text hash. The Data API
// itself refuses a filter on a path without an index, whatever the database behind it.
func neededIndexes() []string {
	return []string{
		document.FieldStream, document.FieldRecordID, document.FieldGenerationID, document.FieldTextHash,
		document.FieldEmbedder, document.FieldAttempt,
	}
}

// WantedDeny are the paths that write leaves out of a new collection's index.
func (c *Clients) WantedDeny() []string {
	deny := Unindexed()
	for _, path := range c.Config.Indexing.IndexingDeny {
		if !slices.Contains(deny, path) {
			deny = append(deny, path)
		}
	}
	return deny
}

// wantedOptions are the settings with which write creates the collection.
func (c *Clients) wantedOptions() (astra.CollectionOptions, error) {
	service, err := c.service()
	return astra.CollectionOptions{
		Vector: &astra.VectorOptions{
			Dimension: c.Config.EmbedderDimension(),
			Metric:    c.Config.Indexing.SimilarityMetric,
			Service:   service,
		},
		Indexing: &astra.IndexingOptions{Deny: c.WantedDeny()},
	}, err
}

// DescribeCollection returns the configured collection's settings, or nil when
// it does not exist.
func (c *Clients) DescribeCollection(ctx context.Context) (*astra.CollectionDescriptor, error) {
	all, err := c.Database.FindCollections(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Name == c.Config.Indexing.Collection {
			return &all[i], nil
		}
	}
	return nil, nil
}

// JudgeCollection compares an existing collection with what a write needs. The
// error lists everything that makes it unfit; the warnings are what may make
// single records fail.
func (c *Clients) JudgeCollection(d *astra.CollectionDescriptor) (warnings []string, err error) {
	var faults []string
	dimension := c.Config.EmbedderDimension()
	switch v := d.Options.Vector; {
	case v == nil:
		faults = append(faults, "it holds no vectors")
	case v.Dimension != dimension:
		faults = append(faults, fmt.Sprintf(
			"its vectors have %d dimensions, and the configured embedding makes vectors of %d",
			v.Dimension, dimension))
	case v.Metric != "" && v.Metric != c.Config.Indexing.SimilarityMetric:
		warnings = append(warnings, fmt.Sprintf("it compares vectors by %s, not by %s as configured",
			v.Metric, c.Config.Indexing.SimilarityMetric))
	}
	if fault := c.judgeService(d); fault != "" {
		faults = append(faults, fault)
	}
	indexing := IndexingOf(d)
	missing := slices.DeleteFunc(neededIndexes(), indexing.Indexes)
	if len(missing) > 0 {
		faults = append(faults, fmt.Sprintf("it does not index %s, which a sync filters by", strings.Join(missing, ", ")))
	}
	if len(faults) > 0 {
		return nil, &failure.ConfigError{Reason: fmt.Sprintf(
			"the collection %q cannot hold the data: %s. Choose another collection with indexing.collection, "+
				"or delete this one so that the next write creates it anew",
			d.Name, strings.Join(faults, "; "))}
	}
	if indexing.Indexes(document.FieldText) {
		warnings = append(warnings, fmt.Sprintf(
			"it indexes every field, also %q, and an indexed string holds %d bytes at most: records with longer texts "+
				"are rejected. To lift that, delete the collection and let a refresh create it anew, with indexing deny %v",
			document.FieldText, document.MaxIndexedStringBytes, Unindexed()))
	}
	return warnings, nil
}

// judgeService says why the collection does not embed as configured: by whom the
// texts are embedded is fixed when it is created.
func (c *Clients) judgeService(d *astra.CollectionDescriptor) string {
	e := c.Config.Embedding
	if e.Mode != spec.ModeAstraVectorize || d.Options.Vector == nil {
		return ""
	}
	var there vectorService
	if len(d.Options.Vector.Service) == 0 || json.Unmarshal(d.Options.Vector.Service, &there) != nil {
		return "it was created without an embedding provider"
	}
	if there.Provider != e.Vectorize.Provider || there.ModelName != e.Model {
		return fmt.Sprintf("it embeds with %s/%s, and the configuration says %s/%s",
			there.Provider, there.ModelName, e.Vectorize.Provider, e.Model)
	}
	return ""
}

// IndexingOf is the collection's indexing policy in the document builder's terms.
func IndexingOf(d *astra.CollectionDescriptor) document.Indexing {
	if d.Options.Indexing == nil {
		return document.Indexing{}
	}
	return document.Indexing{Allow: d.Options.Indexing.Allow, Deny: d.Options.Indexing.Deny}
}

// EnsureCollection returns the collection's indexing policy, and creates the
// collection when it does not exist. created tells which. Before the first record it
// also asks the filters that the sync needs, and takes away what a check that was cut
// off may have left.
func (c *Clients) EnsureCollection(ctx context.Context) (indexing document.Indexing, created bool, err error) {
	d, err := c.DescribeCollection(ctx)
	if err != nil {
		return indexing, false, err
	}
	for _, note := range PathNotes(c.Config) {
		c.Log.Warn(note)
	}
	coll := c.Database.Collection(c.Config.Indexing.Collection)
	if d == nil {
		if indexing, err = c.createCollection(ctx); err != nil {
			return indexing, false, err
		}
		_, err = ProveFilters(ctx, coll)
		return indexing, true, err
	}
	warnings, err := c.JudgeCollection(d)
	for _, w := range warnings {
		c.Log.Warn("the collection exists already and is used as it is", "collection", d.Name, "but", w)
	}
	if err != nil {
		return indexing, false, err
	}
	left, err := ProveFilters(ctx, coll)
	if left {
		err = removeTrial(ctx, coll)
	}
	return IndexingOf(d), false, err
}

// createCollection creates the configured collection.
func (c *Clients) createCollection(ctx context.Context) (document.Indexing, error) {
	name := c.Config.Indexing.Collection
	wanted, err := c.wantedOptions()
	if err != nil {
		return document.Indexing{}, err
	}
	c.Log.Info("creating the collection", "collection", name, "dimension", wanted.Vector.Dimension,
		"metric", wanted.Vector.Metric, "indexing_deny", strings.Join(wanted.Indexing.Deny, ","))
	err = c.Database.CreateCollection(ctx, name, wanted)
	if IsRefusedFilter(err) {
		err = &failure.BackendError{Missing: "cannot make the indexes of a collection", Err: err}
	}
	return document.Indexing{Deny: wanted.Indexing.Deny}, err
}
